/** What must be known beside an answer: of the models, and of this analysis. */

import type { Welcome } from "@cordline/sdk";
import type { Job } from "../job";
import { strings } from "../strings";
import { card, WARN } from "./styles";

export function Notes({ job, welcome }: { job: Job | undefined; welcome: Welcome | undefined }) {
  const models = welcome?.bundle?.warning;
  const notes = [...new Set([...(models ? [models] : []), ...(job?.warnings ?? [])])];
  if (notes.length === 0) return null;
  return (
    <ul
      style={{ ...card, color: WARN, paddingLeft: 24, listStyle: "disc", fontSize: 12 }}
      aria-label={strings.notes}
      data-testid="cordline-notes"
    >
      {notes.map((note) => (
        <li key={note}>{note}</li>
      ))}
    </ul>
  );
}
