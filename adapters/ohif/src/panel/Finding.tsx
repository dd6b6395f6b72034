/** The result in words, the study that it is of, and the finding before a correction. */

import type { Job } from "../job";
import type { PanelState } from "../state";
import { strings } from "../strings";
import { summarize } from "../summary";
import { BAD, card, faint, INK, WARN } from "./styles";

const COLOURS = { info: INK, warning: WARN, error: BAD };

interface Props {
  job: Job;
  first: PanelState["first"] | undefined;
  label: PanelState["studyLabel"] | undefined;
}

export function Finding({ job, first, label }: Props) {
  const summary = summarize(job);
  if (!summary) return null;
  return (
    <section style={card} data-testid={job.finding ? "cordline-finding" : "cordline-outcome"}>
      <div style={faint}>
        {job.finding && `${strings.finding}: `}
        <span data-testid="cordline-study">{strings.study(label?.date, label?.description)}</span>
      </div>
      <div style={{ fontSize: 17, fontWeight: 700, color: COLOURS[summary.severity] }}>{summary.title}</div>
      {summary.detail && <div>{summary.detail}</div>}
      {first && (
        <div style={faint} data-testid="cordline-first">
          {strings.corrected} {first.finding}
        </div>
      )}
    </section>
  );
}
