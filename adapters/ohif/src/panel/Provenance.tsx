/** How the result was made: versions, processor, duration and time. */

import type { Welcome } from "@cordline/sdk";
import { isRunning, type Job } from "../job";
import { strings } from "../strings";
import { faint } from "./styles";

export function Provenance({ job, welcome }: { job: Job | undefined; welcome: Welcome | undefined }) {
  const { beganMs, lastMs } = job ?? {};
  const hasEnded = job && !isRunning(job) && beganMs !== undefined && lastMs !== undefined;
  const parts = [
    ...(welcome ? [welcome.daemon] : []),
    ...(welcome?.bundle ? [`${welcome.bundle.id} ${welcome.bundle.version}`] : []),
    ...(job?.grid ? [job.grid.provider] : []),
    ...(hasEnded ? [strings.took((lastMs - beganMs) / 1000), strings.at(lastMs)] : []),
  ];
  if (parts.length === 0) return null;
  return (
    <p style={{ ...faint, marginTop: 16 }} data-testid="cordline-made">
      {strings.made(parts)}
    </p>
  );
}
