/** What came of it, plainly, of which study, and what was said before a reader corrected the mask. */

import type { Job } from "../job";
import type { Known } from "../known";
import { outcome } from "../outcome";
import { strings } from "../strings";
import { BAD, card, faint, INK, WARN } from "./styles";

const COLOURS = { plain: INK, warn: WARN, bad: BAD };

interface Props {
  job: Job;
  first: Known["first"] | undefined;
  words: Known["words"] | undefined;
}

export function Finding({ job, first, words }: Props) {
  const came = outcome(job);
  if (!came) return null;
  return (
    <section style={card} data-testid={job.finding ? "cordline-finding" : "cordline-outcome"}>
      <div style={faint}>
        {job.finding && `${strings.finding}: `}
        <span data-testid="cordline-study">{strings.study(words?.date, words?.description)}</span>
      </div>
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
