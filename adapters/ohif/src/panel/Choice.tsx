/** A job that asks for a series, or found none: what there is, and what to do with it. */

import type { SeriesVerdict } from "@cordline/sdk";
import type { Job } from "../job";
import { isSubmitter, type Known } from "../known";
import type { Store } from "../store";
import { strings } from "../strings";
import { Candidates } from "./Candidates";
import { faint } from "./styles";

interface Props {
  store: Store;
  known: Known;
  job: Job;
  open(series: string): void;
  isSagittal(series: string): boolean;
}

export function Choice({ store, known, job, open, isSagittal }: Props) {
  const { series } = job;
  if (!series) return null;
  const cannot = isSubmitter(known) ? undefined : strings.onlyLooks;
  const shared = {
    job: job.id,
    cannot,
    show: (one: SeriesVerdict) => open(one.uid),
    choose: (one: SeriesVerdict) => void store.run(one.selector ?? one.uid),
  };
  if (job.state === "needs_selection")
    return (
      <section data-testid="cordline-candidates" aria-label={strings.chooseOne}>
        <Candidates {...shared} series={series.candidates} useIt={strings.use} />
      </section>
    );
  if (job.state !== "out_of_scope") return null;
  // Sagittal before all else, then what holds most.
  const size = ({ uid, sections, frames }: SeriesVerdict) => (isSagittal(uid) ? 1e6 : 0) + (sections ?? frames);
  const [closest, ...others] = [...series.candidates, ...series.rejected].sort((a, b) => size(b) - size(a));
  if (!closest) return null;
  return (
    <section data-testid="cordline-closest" aria-label={strings.closest}>
      <div style={faint}>{strings.closest}</div>
      <Candidates {...shared} series={[closest]} useIt={strings.anyway} />
      {others.length > 0 && (
        <details>
          <summary style={faint}>{strings.chooseOther}</summary>
          <Candidates {...shared} series={others} useIt={strings.anyway} />
        </details>
      )}
    </section>
  );
}
