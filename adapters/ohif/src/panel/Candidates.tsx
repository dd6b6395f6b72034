/** Series to choose between: a picture, what tells them apart, and two buttons: look at it, analyse it. */

import type { SeriesVerdict } from "@cordline/sdk";
import { traits } from "../candidates";
import { strings } from "../strings";
import { card, faint, INK, quiet } from "./styles";

interface Props {
  job: string;
  series: readonly SeriesVerdict[];
  /** Why none can be analysed by this reader. */
  cannot: string | undefined;
  show(one: SeriesVerdict): void;
  choose(one: SeriesVerdict): void;
  /** What the second button says. */
  useIt: string;
}

export function Candidates({ job, series, cannot, show, choose, useIt }: Props) {
  const told = traits(series);
  return series.map((one, index) => {
    const name = [one.description, one.part].filter(Boolean).join(", ") || strings.noDescription;
    return (
      <div key={one.selector ?? one.uid} style={{ ...card, display: "flex", gap: 10 }} data-testid="cordline-candidate">
        {one.thumbnail && (
          <img
            src={`/api/v1/jobs/${job}/files/${one.thumbnail}`}
            alt={strings.thumbnail(name)}
            style={{ width: 72, height: 96, objectFit: "contain", background: "#000", flex: "none" }}
          />
        )}
        <div style={{ minWidth: 0, flex: 1 }}>
          <div style={{ fontWeight: 600 }}>{name}</div>
          <div style={faint}>
            {told[index]?.map(({ name: key, text, differs }) => (
              <span
                key={key}
                style={differs ? { color: INK, fontWeight: 600, display: "block" } : { display: "block" }}
              >
                {text}
              </span>
            ))}
            {one.reasons.length > 0 && <span style={{ display: "block" }}>{one.reasons.join("; ")}</span>}
          </div>
          <div style={{ display: "flex", gap: 8, marginTop: 6 }}>
            <button type="button" style={quiet} aria-label={strings.showSeries(name)} onClick={() => show(one)}>
              {strings.show}
            </button>
            <button
              type="button"
              style={quiet}
              disabled={cannot !== undefined}
              title={cannot}
              aria-label={strings.analyseSeries(name)}
              onClick={() => choose(one)}
            >
              {useIt}
            </button>
          </div>
        </div>
      </div>
    );
  });
}
