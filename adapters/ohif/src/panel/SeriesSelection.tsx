/** For a job that needs a series to be selected, or found none suitable: the series to select from. */

import type { SeriesVerdict } from "@cordline/sdk";
import type { Job } from "../job";
import type { PanelState } from "../state";
import type { Store } from "../store";
import { strings } from "../strings";
import { whyNotAnalyse } from "./obstacles";
import { SeriesList } from "./SeriesList";
import { faint } from "./styles";

interface Props {
  store: Store;
  state: PanelState;
  job: Job;
  open(series: string): void;
  isSagittal(series: string): boolean;
}

export function SeriesSelection({ store, state, job, open, isSagittal }: Props) {
  const { series } = job;
  if (!series) return null;
  const notAllowed = whyNotAnalyse(state);
  const shared = {
    job: job.id,
    notAllowed,
    show: (one: SeriesVerdict) => open(one.uid),
    analyse: (one: SeriesVerdict) => void store.run(one.selector ?? one.uid),
  };
  if (job.state === "needs_selection")
    return (
      <section data-testid="cordline-candidates" aria-label={strings.chooseOne}>
        <SeriesList {...shared} series={series.candidates} analyseLabel={strings.use} />
      </section>
    );
  if (job.state !== "out_of_scope") return null;
  // Sagittal series first, then by the number of images.
  const rank = ({ uid, sections, frames }: SeriesVerdict) => (isSagittal(uid) ? 1e6 : 0) + (sections ?? frames);
  const [closest, ...others] = [...series.candidates, ...series.rejected].sort((a, b) => rank(b) - rank(a));
  if (!closest) return null;
  return (
    <section data-testid="cordline-closest" aria-label={strings.closest}>
      <div style={faint}>{strings.closest}</div>
      <SeriesList {...shared} series={[closest]} analyseLabel={strings.anyway} />
      {others.length > 0 && (
        <details>
          <summary style={faint}>{strings.chooseOther}</summary>
          <SeriesList {...shared} series={others} analyseLabel={strings.anyway} />
        </details>
      )}
    </section>
  );
}
