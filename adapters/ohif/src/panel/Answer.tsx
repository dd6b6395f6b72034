/** One question: both probabilities, the threshold, and where nothing is decided. */

import type { Classification } from "@cordline/sdk";
import { strings } from "../strings";
import { ACCENT, card, FAINT, faint, quiet, TRACK, WARN } from "./styles";

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
  const [, second] = answer.classes;
  const decided = answer.labels[answer.decision] ?? strings.undecided;
  return (
    <section style={card} data-testid={`cordline-answer-${answer.id}`} aria-label={answer.question}>
      <div style={faint}>{answer.question}</div>
      <div style={{ fontSize: 15, fontWeight: 600 }}>{decided}</div>
      {answer.classes.map((name) => (
        <Bar
          key={name}
          label={answer.labels[name] ?? name}
          value={answer.probabilities[name] ?? 0}
          marks={name === second ? [answer.threshold, ...answer.undecided] : flipped(answer)}
        />
      ))}
      <div style={faint}>
        {answer.labels[second] ?? second} {strings.threshold(answer.threshold)};{" "}
        {strings.undecidedZone(...answer.undecided)}
      </div>
      {hasHeat && (
        <div style={{ display: "flex", gap: 8, alignItems: "center", marginTop: 6 }}>
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
          {opacity !== undefined && (
            <input
              type="range"
              min={0.1}
              max={1}
              step={0.05}
              value={opacity}
              aria-label={strings.opacity}
              style={{ flex: 1 }}
              onChange={(change) => showHeat(Number(change.target.value))}
            />
          )}
        </div>
      )}
    </section>
  );
}

/** Threshold and zone are those of the second class; the first has them mirrored. */
function flipped({ threshold, undecided: [from, to] }: Classification): [number, number, number] {
  return [1 - threshold, 1 - to, 1 - from];
}

function Bar({ label, value, marks }: { label: string; value: number; marks: number[] }) {
  const [threshold = 0.5, from = 0.5, to = 0.5] = marks;
  const percent = (x: number) => `${100 * x}%`;
  return (
    <div
      style={{ display: "grid", gridTemplateColumns: "38% 1fr 34px", gap: 8, alignItems: "center", margin: "4px 0" }}
    >
      <span>{label}</span>
      <span
        role="img"
        aria-label={strings.probability(label, value)}
        style={{ position: "relative", height: 10, background: TRACK, borderRadius: 2 }}
      >
        <span style={{ ...bar, left: percent(from), width: percent(to - from), background: FAINT, opacity: 0.5 }} />
        <span style={{ ...bar, width: percent(value), background: ACCENT, top: 3, height: 4 }} />
        <span style={{ ...bar, left: percent(threshold), width: 2, background: WARN }} />
      </span>
      <span style={{ textAlign: "right", fontVariantNumeric: "tabular-nums" }}>{value.toFixed(2)}</span>
    </div>
  );
}

const bar = { position: "absolute", left: 0, top: 0, height: 10 } as const;
