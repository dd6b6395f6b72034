/** One question: on one line between its two answers the probability, the threshold, and where nothing is decided. */

import type { Classification } from "@cordline/sdk";
import { strings } from "../strings";
import { card, FAINT, faint, INK, quiet, row, TRACK, WARN } from "./styles";

interface Props {
  answer: Classification;
  /** True where the answer has heat maps. */
  hasHeat: boolean;
  /** How dense its heat map is shown; `undefined` where it is not. */
  opacity: number | undefined;
  showHeat(opacity: number | undefined): void;
}

const OPACITY = 0.6;

export function Answer({ answer, hasHeat, opacity, showHeat }: Props) {
  const decided = answer.labels[answer.decision] ?? strings.undecided;
  return (
    <section style={card} data-testid={`cordline-answer-${answer.id}`} aria-label={answer.question}>
      <div style={faint}>{answer.question}</div>
      <div style={{ ...row, justifyContent: "space-between" }}>
        <span style={{ fontSize: 15, fontWeight: 600 }}>{decided}</span>
        {hasHeat && (
          <button
            type="button"
            style={quiet}
            aria-label={strings.heatOf(answer.question)}
            aria-pressed={opacity !== undefined}
            data-testid={`cordline-heat-${answer.id}`}
            onClick={() => showHeat(opacity === undefined ? OPACITY : undefined)}
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
          onChange={(change) => showHeat(Number(change.target.value))}
        />
      )}
      <Scale answer={answer} />
    </section>
  );
}

/** Left end: surely the first answer; right end: surely the second, whose probability it is. */
function Scale({ answer }: { answer: Classification }) {
  const [first, second] = answer.classes;
  const { threshold, undecided } = answer;
  const name = (id: string) => answer.labels[id] ?? id;
  const said = (id: string) => strings.chance(name(id), answer.probabilities[id] ?? 0);
  const value = answer.probabilities[second] ?? 0;
  const percent = (x: number) => `${100 * Math.min(Math.max(x, 0), 1)}%`;
  const [from, to] = undecided;
  const limits = `${strings.threshold(name(second), threshold)}; ${strings.undecidedZone(from, to)}`;
  return (
    <>
      <div
        role="img"
        aria-label={`${said(first)}; ${said(second)}; ${limits}`}
        style={{ position: "relative", height: 14, margin: "4px 0 2px", background: TRACK, borderRadius: 2 }}
      >
        <span style={{ ...mark, left: percent(from), width: percent(to - from), background: FAINT, opacity: 0.5 }} />
        <span style={{ ...mark, left: percent(threshold), width: 2, marginLeft: -1, background: WARN }} />
        <span style={{ ...mark, ...dot, left: percent(value) }} />
      </div>
      <div style={{ display: "flex", justifyContent: "space-between", gap: 8, fontVariantNumeric: "tabular-nums" }}>
        <span>{said(first)}</span>
        <span style={{ textAlign: "right" }}>{said(second)}</span>
      </div>
      <div style={faint}>{limits}</div>
    </>
  );
}

const mark = { position: "absolute", top: 0, height: 14 } as const;
const dot = { top: 1, width: 12, height: 12, marginLeft: -6, borderRadius: 6, background: INK } as const;
