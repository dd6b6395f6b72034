/** The panel, in the order in which a reader needs it. */

import { useSyncExternalStore } from "react";
import type { Masks } from "../masks";
import type { Store } from "../store";
import { strings } from "../strings";
import { Actions } from "./Actions";
import { Answer } from "./Answer";
import { Device } from "./Device";
import { Lesions } from "./Lesions";
import { Run } from "./Run";
import { Series } from "./Series";
import { card, faint, panel, WARN } from "./styles";

interface Props {
  store: Store;
  masks: Masks;
  /** Puts a series into the viewport. */
  open(series: string): void;
}

export function Panel({ store, masks, open }: Props) {
  const known = useSyncExternalStore(store.subscribe, store.get);
  const { contact, job } = known;
  return (
    <div style={panel} data-testid="cordline-panel">
      <Device contact={contact} />
      <p style={{ ...faint, fontWeight: 600 }}>{strings.research}</p>
      <Series job={job} shown={known.shown} store={store} open={open} />
      <Run store={store} known={known} />
      {job?.finding && (
        <div style={card} data-testid="cordline-finding">
          <div style={faint}>{strings.finding}</div>
          <div style={{ fontSize: 17, fontWeight: 700 }}>{job.finding}</div>
          {known.first?.finding && (
            <div style={faint} data-testid="cordline-first">
              {strings.corrected} {known.first.finding}
            </div>
          )}
        </div>
      )}
      {job && job.warnings.length > 0 && (
        <ul style={{ ...card, color: WARN, paddingLeft: 24, listStyle: "disc" }} aria-label={strings.notes}>
          {job.warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
      {job?.answers.map((answer) => (
        <Answer
          key={answer.id}
          answer={answer}
          hasHeat={job.heat.has(answer.id)}
          opacity={known.heat?.classifier === answer.id ? known.heat.opacity : undefined}
          showHeat={(opacity) => store.showHeat(opacity === undefined ? undefined : { classifier: answer.id, opacity })}
        />
      ))}
      {job && <Lesions job={job} masks={masks} />}
      {job?.state === "completed" && <Actions store={store} known={known} job={job} masks={masks} />}
      {contact.kind === "there" && <p style={{ ...faint, marginTop: 16 }}>{strings.made(contact.welcome.daemon)}</p>}
    </div>
  );
}
