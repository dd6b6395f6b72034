/** What came of it, plainly, and what was said before a reader corrected the mask. */

import type { Job } from "../job";
import { outcome } from "../outcome";
import type { Known } from "../store";
import { strings } from "../strings";
import { BAD, card, faint, INK, WARN } from "./styles";

const COLOURS = { plain: INK, warn: WARN, bad: BAD };

export function Finding({ job, first }: { job: Job; first: Known["first"] | undefined }) {
  const came = outcome(job);
  if (!came) return null;
  return (
    <section style={card} data-testid={job.finding ? "cordline-finding" : "cordline-outcome"}>
      {job.finding && <div style={faint}>{strings.finding}</div>}
      <div style={{ fontSize: 17, fontWeight: 700, color: COLOURS[came.tone] }}>{came.title}</div>
      {came.means && <div>{came.means}</div>}
      {first && (
        <div style={faint} data-testid="cordline-first">
          {strings.corrected} {first.finding}
        </div>
      )}
    </section>
  );
}
