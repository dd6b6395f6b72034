/** The series that was chosen and why, and the others, to be chosen instead. */

import type { SeriesVerdict } from "@cordline/sdk";
import type { Job } from "../job";
import type { Store } from "../store";
import { strings } from "../strings";
import { card, faint, heading, quiet, row, WARN } from "./styles";

interface Props {
  job: Job | undefined;
  shown: string | undefined;
  store: Store;
  open(series: string): void;
}

export function Series({ job, shown, store, open }: Props) {
  const series = job?.series;
  if (!series)
    return (
      <section aria-label={strings.series}>
        <h3 style={heading}>{strings.series}</h3>
        <p style={{ ...faint, margin: 0 }}>{strings.noSeries}</p>
      </section>
    );
  const { uid, candidates, rejected } = series;
  const others = [...candidates, ...rejected].filter((one) => one.uid !== uid);
  const asks = job.state === "needs_selection";
  return (
    <section aria-label={strings.series}>
      <h3 style={heading}>{strings.series}</h3>
      {uid && (
        <div style={card}>
          <div data-testid="cordline-series">{series.description ?? uid}</div>
          <div style={faint}>{series.reasons.join("; ")}</div>
          {shown !== uid && (
            <output style={{ ...row, color: WARN }}>
              {strings.notShown}
              <button type="button" data-testid="cordline-open" style={quiet} onClick={() => open(uid)}>
                {strings.openIt}
              </button>
            </output>
          )}
        </div>
      )}
      {asks ? (
        <div data-testid="cordline-candidates">
          <p>{strings.chooseOne}</p>
          <Others series={candidates} store={store} />
        </div>
      ) : (
        others.length > 0 && (
          <details data-testid="cordline-others">
            <summary style={faint}>{strings.chooseOther}</summary>
            <Others series={others} store={store} />
          </details>
        )
      )}
    </section>
  );
}

function Others({ series, store }: { series: readonly SeriesVerdict[]; store: Store }) {
  return series.map((one) => (
    <div key={one.uid} style={card}>
      <div>{one.description}</div>
      <div style={faint}>{one.reasons.join("; ")}</div>
      <button
        type="button"
        style={{ ...quiet, marginTop: 6 }}
        aria-label={strings.chooseSeries(one.description)}
        onClick={() => void store.run(one.uid)}
      >
        {strings.chooseThis}
      </button>
    </div>
  ));
}
