/** The panel, in the order in which a reader needs it: what came of it, what readers said of it, why, and where; then all else. */

import { useSyncExternalStore } from "react";
import type { Masks } from "../masks";
import type { Store } from "../store";
import { strings } from "../strings";
import { Actions } from "./Actions";
import { Answer } from "./Answer";
import { Choice } from "./Choice";
import { Device } from "./Device";
import { Finding } from "./Finding";
import { Lesions } from "./Lesions";
import { Made } from "./Made";
import { Notes } from "./Notes";
import { OnImages } from "./OnImages";
import { isBusy, Run, Trouble } from "./Run";
import { Series } from "./Series";
import { BAD, card, foot, panel, SHEET, scrolled } from "./styles";
import { Verdict } from "./Verdict";

interface Props {
  store: Store;
  masks: Masks;
  /** Puts a series into the viewport. */
  open(series: string): void;
  /** True where the viewer knows a series to be sagittal. */
  isSagittal(series: string): boolean;
}

export function Panel({ store, masks, open, isSagittal }: Props) {
  const known = useSyncExternalStore(store.subscribe, store.get);
  const { contact, welcome, refused } = known;
  // Of a result that is about other images nothing is told.
  const job = refused ? undefined : known.job;
  const done = job?.state === "completed";
  const ended = job !== undefined && !isBusy(known);
  return (
    <div style={panel} data-testid="cordline-panel">
      <style>{SHEET}</style>
      <div style={scrolled}>
        <Device contact={contact} retry={store.reconnect} />
        {refused && (
          <p role="alert" data-testid="cordline-refused" style={{ ...card, color: BAD, fontWeight: 600 }}>
            {refused}
          </p>
        )}
        {!ended && <Run store={store} known={known} again={false} />}
        <Trouble error={known.error} />
        {job && <Finding job={job} first={known.first} words={known.words} />}
        {job && <Choice store={store} known={known} job={job} open={open} isSagittal={isSagittal} />}
        {done && <Verdict store={store} known={known} job={job} />}
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
        {job && job.masks.size > 0 && <OnImages store={store} known={known} />}
        {job && <Series job={job} known={known} store={store} open={open} />}
        {done && <Actions store={store} known={known} job={job} masks={masks} />}
        {ended && job.state !== "needs_selection" && job.state !== "out_of_scope" && (
          <Run store={store} known={known} again />
        )}
        <Made job={job} welcome={welcome} />
      </div>
      <div style={foot}>{strings.research}</div>
    </div>
  );
}
