/** The answer of one classifier: probability, threshold and undecided zone on a scale between its two classes, and its heat map. */

import type { Classification } from "@cordline/sdk";
import { strings } from "../strings";
import { card, FAINT, faint, INK, quiet, row, TRACK, WARN } from "./styles";

interface Props {
  answer: Classification;
  hasHeatMap: boolean;
  /** Of its heat map; `undefined` if that is not shown. */
  opacity: number | undefined;
  showHeatMap(opacity: number | undefined): void;
}

const DEFAULT_OPACITY = 0.6;

export function Answer({ answer, hasHeatMap, opacity, showHeatMap }: Props) {
  const decided = answer.labels[answer.decision] ?? strings.undecided;
  return (
    <section style={card} data-testid={`cordline-answer-${answer.id}`} aria-label={answer.question}>
      <div style={faint}>{answer.question}</div>
      <div style={{ ...row, justifyContent: "space-between" }}>
        <span style={{ fontSize: 15, fontWeight: 600 }}>{decided}</span>
        {hasHeatMap && (
          <button
            type="button"
            style={quiet}
            aria-label={strings.heatOf(answer.question)}
            aria-pressed={opacity !== undefined}
            data-testid={`cordline-heat-${answer.id}`}
            onClick={() => showHeatMap(opacity === undefined ? DEFAULT_OPACITY : undefined)}
          >
            {opacity === undefined ? strings.showHeat : strings.hideHeat}
          </button>
        )}
      </div>
      {opacity !== undefined && (
        <input
          type="range"
          min={0.1}
          max={1}
          step={0.05}
          value={opacity}
          aria-label={strings.opacity}
          title={strings.opacity}
          style={{ width: "100%" }}
          onChange={(change) => showHeatMap(Number(change.target.value))}
        />
      )}
      <Scale answer={answer} />
    </section>
  );
}

/** Left end: the first class is certain; right end: the second, whose probability is marked. */
function Scale({ answer }: { answer: Classification }) {
  const [first, second] = answer.classes;
  const { threshold, undecided } = answer;
  const name = (id: string) => answer.labels[id] ?? id;
  const chance = (id: string) => strings.chance(name(id), answer.probabilities[id] ?? 0);
  const value = answer.probabilities[second] ?? 0;
  const percent = (x: number) => `${100 * Math.min(Math.max(x, 0), 1)}%`;
  const [from, to] = undecided;
  const limits = `${strings.threshold(name(second), threshold)}; ${strings.undecidedZone(from, to)}`;
  return (
    <>
      <div
        role="img"
        aria-label={`${chance(first)}; ${chance(second)}; ${limits}`}
        style={{ position: "relative", height: 14, margin: "4px 0 2px", background: TRACK, borderRadius: 2 }}
      >
        <span style={{ ...mark, left: percent(from), width: percent(to - from), background: FAINT, opacity: 0.5 }} />
        <span style={{ ...mark, left: percent(threshold), width: 2, marginLeft: -1, background: WARN }} />
        <span style={{ ...mark, ...dot, left: percent(value) }} />
      </div>
      <div style={{ display: "flex", justifyContent: "space-between", gap: 8, fontVariantNumeric: "tabular-nums" }}>
        <span>{chance(first)}</span>
        <span style={{ textAlign: "right" }}>{chance(second)}</span>
      </div>
      <div style={faint}>{limits}</div>
    </>
  );
}

const mark = { position: "absolute", top: 0, height: 14 } as const;
const dot = { top: 1, width: 12, height: 12, marginLeft: -6, borderRadius: 6, background: INK } as const;
