/** The panel, in the order in which a reader needs it. */

import { type KeyboardEvent, useSyncExternalStore } from "react";
import type { Masks } from "../masks";
import type { Store } from "../store";
import { strings } from "../strings";
import { Actions } from "./Actions";
import { Answer } from "./Answer";
import { Device } from "./Device";
import { Finding } from "./Finding";
import { Lesions } from "./Lesions";
import { Made } from "./Made";
import { Notes } from "./Notes";
import { Run } from "./Run";
import { Series } from "./Series";
import { BAD, card, foot, panel, SHEET, scrolled } from "./styles";

interface Props {
  store: Store;
  masks: Masks;
  /** Puts a series into the viewport. */
  open(series: string): void;
}

export function Panel({ store, masks, open }: Props) {
  const known = useSyncExternalStore(store.subscribe, store.get);
  const { contact, welcome, refused } = known;
  // Of a result that is about other images nothing is told.
  const job = refused ? undefined : known.job;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys are only kept from the host, which takes Space for itself.
    <div style={panel} data-testid="cordline-panel" onKeyDown={keepKeys} onKeyUp={keepKeys}>
      <style>{SHEET}</style>
      <div style={scrolled}>
        <Device contact={contact} retry={store.reconnect} />
        {refused && (
          <p role="alert" data-testid="cordline-refused" style={{ ...card, color: BAD, fontWeight: 600 }}>
            {refused}
          </p>
        )}
        <Series job={job} shown={known.shown} store={store} open={open} />
        {job?.state !== "needs_selection" && <Run store={store} known={known} />}
        {job && <Finding job={job} first={known.first} />}
        <Notes job={job} welcome={welcome} />
        {job?.answers.map((answer) => (
          <Answer
            key={answer.id}
            answer={answer}
            hasHeat={job.heat.has(answer.id)}
            opacity={known.heat?.classifier === answer.id ? known.heat.opacity : undefined}
            showHeat={(opacity) =>
              store.showHeat(opacity === undefined ? undefined : { classifier: answer.id, opacity })
            }
          />
        ))}
        {job && <Lesions job={job} masks={masks} marks={known.marks} />}
        {job?.state === "completed" && <Actions store={store} known={known} job={job} masks={masks} />}
        <Made job={job} welcome={welcome} />
      </div>
      <div style={foot}>{strings.research}</div>
    </div>
  );
}

/** Keys that press a button or move a slider here are not the host's as well: its Space would reset the viewport instead. */
function keepKeys(event: KeyboardEvent) {
  const slides = event.target instanceof HTMLInputElement && event.key.startsWith("Arrow");
  if (event.key === " " || event.key === "Enter" || slides) event.stopPropagation();
}
