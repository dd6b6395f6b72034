/** The series that was analysed and why, the others, and running it again. */

import type { SeriesVerdict } from "@cordline/sdk";
import type { Job } from "../job";
import { isSubmitter, type Known } from "../known";
import type { Store } from "../store";
import { strings } from "../strings";
import { Candidates } from "./Candidates";
import { faint, quiet, row, WARN } from "./styles";

interface Props {
  job: Job;
  known: Known;
  store: Store;
  open(series: string): void;
}

export function Series({ job, known, store, open }: Props) {
  const { series } = job;
  if (!series?.uid) return null;
  const { uid, candidates, rejected } = series;
  const used = series.selector ?? uid;
  const others = [...candidates, ...rejected].filter((one) => (one.selector ?? one.uid) !== used);
  const name = series.description || strings.noDescription;
  const words = series.series_number === undefined ? name : `${strings.seriesNumber(series.series_number)}: ${name}`;
  return (
    <section aria-label={strings.series} style={{ marginTop: 8 }}>
      {known.shown !== uid && (
        <output style={{ ...row, color: WARN }}>
          {strings.notShown}
          <button type="button" data-testid="cordline-open" style={quiet} onClick={() => open(uid)}>
            {strings.openIt}
          </button>
        </output>
      )}
      <details data-testid="cordline-others">
        <summary style={faint}>
          <span data-testid="cordline-series">{words}</span>
        </summary>
        <div style={faint}>{why(known, series.reasons)}</div>
        {others.length > 0 && <div style={{ ...faint, marginTop: 8 }}>{strings.chooseOther}</div>}
        <Candidates
          job={job.id}
          series={others}
          cannot={isSubmitter(known) ? undefined : strings.onlyLooks}
          show={(one: SeriesVerdict) => open(one.uid)}
          choose={(one: SeriesVerdict) => void store.run(one.selector ?? one.uid)}
          useIt={strings.use}
        />
      </details>
    </section>
  );
}

/** A correction took its series from the job that it corrects: nobody chose it for the correction. */
function why({ corrects, job }: Known, reasons: readonly string[]): string {
  if (corrects && corrects.job === job?.id) return strings.correctedBy(corrects.reader, corrects.of);
  return reasons.join("; ");
}
