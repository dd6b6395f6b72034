/** The series that was analysed, why it was selected, and the others to analyse instead. */

import type { SeriesVerdict } from "@cordline/sdk";
import type { Job } from "../job";
import type { PanelState } from "../state";
import type { Store } from "../store";
import { strings } from "../strings";
import { whyNotAnalyse } from "./obstacles";
import { SeriesList } from "./SeriesList";
import { faint, quiet, row, WARN } from "./styles";

interface Props {
  job: Job;
  state: PanelState;
  store: Store;
  open(series: string): void;
}

export function SeriesInfo({ job, state, store, open }: Props) {
  const { series } = job;
  if (!series?.uid) return null;
  const { uid, candidates, rejected } = series;
  const analysed = series.selector ?? uid;
  const others = [...candidates, ...rejected].filter((one) => (one.selector ?? one.uid) !== analysed);
  const name = series.description || strings.noDescription;
  const label = series.series_number === undefined ? name : `${strings.seriesNumber(series.series_number)}: ${name}`;
  return (
    <section aria-label={strings.series} style={{ marginTop: 8 }}>
      {state.seriesUid !== uid && (
        <output style={{ ...row, color: WARN }}>
          {strings.notShown}
          <button type="button" data-testid="cordline-open" style={quiet} onClick={() => open(uid)}>
            {strings.openIt}
          </button>
        </output>
      )}
      <details data-testid="cordline-others">
        <summary style={faint}>
          <span data-testid="cordline-series">{label}</span>
        </summary>
        <div style={faint}>{reason(state, series.reasons)}</div>
        {others.length > 0 && <div style={{ ...faint, marginTop: 8 }}>{strings.chooseOther}</div>}
        <SeriesList
          job={job.id}
          series={others}
          notAllowed={whyNotAnalyse(state)}
          show={(one: SeriesVerdict) => open(one.uid)}
          analyse={(one: SeriesVerdict) => void store.run(one.selector ?? one.uid)}
          analyseLabel={strings.use}
        />
      </details>
    </section>
  );
}

/** A correction takes its series from the corrected job: the reasons of that selection do not apply. */
function reason({ correction, job }: PanelState, reasons: readonly string[]): string {
  if (correction && correction.job === job?.id) return strings.correctedBy(correction.reader, correction.of);
  return reasons.join("; ");
}
