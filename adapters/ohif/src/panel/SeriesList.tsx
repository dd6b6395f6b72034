/** Series to select from: thumbnail, attributes with the differences marked, and buttons to show and to analyse each. */

import type { SeriesVerdict } from "@cordline/sdk";
import { compareSeries } from "../compareSeries";
import { strings } from "../strings";
import { card, faint, INK, quiet } from "./styles";

interface Props {
  job: string;
  series: readonly SeriesVerdict[];
  /** Why none can be analysed now. */
  notAllowed: string | undefined;
  show(one: SeriesVerdict): void;
  analyse(one: SeriesVerdict): void;
  analyseLabel: string;
}

export function SeriesList({ job, series, notAllowed, show, analyse, analyseLabel }: Props) {
  const attributes = compareSeries(series);
  // Reasons that all series share do not help to select one.
  const [first, ...others] = series.map((one) => one.reasons.join("; "));
  const haveSameReasons = others.length > 0 && others.every((reasons) => reasons === first);
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
            {attributes[index]?.map(({ name: key, text, differs }) => (
              <span
                key={key}
                style={differs ? { color: INK, fontWeight: 600, display: "block" } : { display: "block" }}
              >
                {text}
              </span>
            ))}
            {!haveSameReasons && one.reasons.length > 0 && (
              <span style={{ display: "block" }}>{one.reasons.join("; ")}</span>
            )}
          </div>
          <div style={{ display: "flex", gap: 8, marginTop: 6 }}>
            <button type="button" style={quiet} aria-label={strings.showSeries(name)} onClick={() => show(one)}>
              {strings.show}
            </button>
            <button
              type="button"
              style={quiet}
              disabled={notAllowed !== undefined}
              title={notAllowed}
              aria-label={strings.analyseSeries(name)}
              onClick={() => analyse(one)}
            >
              {analyseLabel}
            </button>
          </div>
        </div>
      </div>
    );
  });
}
