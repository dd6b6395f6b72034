/** Warnings of the models and of this analysis. */

import type { Welcome } from "@cordline/sdk";
import type { Job } from "../job";
import { strings } from "../strings";
import { card, WARN } from "./styles";

export function Warnings({ job, welcome }: { job: Job | undefined; welcome: Welcome | undefined }) {
  const ofModels = welcome?.bundle?.warning;
  const warnings = [...new Set([...(ofModels ? [ofModels] : []), ...(job?.warnings ?? [])])];
  if (warnings.length === 0) return null;
  return (
    <ul
      style={{ ...card, color: WARN, paddingLeft: 24, listStyle: "disc", fontSize: 12 }}
      aria-label={strings.notes}
      data-testid="cordline-notes"
    >
      {warnings.map((warning) => (
        <li key={warning}>{warning}</li>
      ))}
    </ul>
  );
}
