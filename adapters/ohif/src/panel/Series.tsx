/** The series that was chosen and why, and the others, to be chosen instead. */

import type { Job } from "../job";
import type { Store } from "../store";
import { strings } from "../strings";
import { card, faint, heading, quiet, WARN } from "./styles";

interface Props {
  job: Job | undefined;
  shown: string | undefined;
  store: Store;
  open(series: string): void;
}

export function Series({ job, shown, store, open }: Props) {
  const series = job?.series;
  if (!series) return <p style={faint}>{strings.noSeries}</p>;
  const asks = job.state === "needs_selection";
  const { uid } = series;
  return (
    <section>
      <h3 style={heading}>{strings.series}</h3>
      {uid && (
        <div style={card}>
          <div data-testid="cordline-series">{series.description ?? uid}</div>
          <div style={faint}>{series.reasons.join("; ")}</div>
          {shown !== uid && (
            <div style={{ color: WARN, display: "flex", gap: 8, alignItems: "center" }}>
              {strings.notShown}
              <button type="button" data-testid="cordline-open" style={quiet} onClick={() => open(uid)}>
                {strings.openIt}
              </button>
            </div>
          )}
        </div>
      )}
      {asks &&
        series.candidates.map((one) => (
          <div key={one.uid} style={card}>
            <div>{one.description}</div>
            <div style={faint}>{one.reasons.join("; ")}</div>
            <button type="button" style={quiet} onClick={() => void store.run(one.uid)}>
              {strings.chooseThis}
            </button>
          </div>
        ))}
    </section>
  );
}
