/** What of ours lies on the images: all of it hidden with one button, edges or filled, how dense; and plainly where it is not drawn. */

import type { Known } from "../known";
import type { Store } from "../store";
import { strings } from "../strings";
import { faint, quiet, row, WARN } from "./styles";

export function OnImages({ store, known }: { store: Store; known: Known }) {
  const { view, masksSeen, heatSeen, heat } = known;
  const troubles = [
    ...(masksSeen === "unfit" ? [strings.unfit] : []),
    ...(masksSeen === "lost" ? [strings.lostMasks] : []),
    ...(heat && heatSeen === "lost" ? [strings.lostHeat] : []),
    ...(known.has3d && masksSeen !== "unfit" ? [strings.notIn3d] : []),
    ...(view.hidden ? [strings.allHidden] : []),
  ];
  return (
    <section aria-label={strings.onImages} style={{ marginTop: 8 }}>
      <div style={row}>
        <button
          type="button"
          style={quiet}
          data-testid="cordline-hide-all"
          aria-pressed={view.hidden}
          aria-keyshortcuts="O"
          title={strings.hideAllHow}
          onClick={() => store.setView({ hidden: !view.hidden })}
        >
          {view.hidden ? strings.showAll : strings.hideAll}
        </button>
        <button
          type="button"
          style={quiet}
          data-testid="cordline-outline"
          aria-pressed={view.outline}
          onClick={() => store.setView({ outline: !view.outline })}
        >
          {strings.outline}
        </button>
        <input
          type="range"
          min={0.1}
          max={1}
          step={0.05}
          value={view.opacity}
          aria-label={strings.density}
          title={strings.density}
          style={{ flex: 1, minWidth: 60 }}
          onChange={(change) => store.setView({ opacity: Number(change.target.value) })}
        />
      </div>
      <output data-testid="cordline-not-drawn" style={{ ...faint, color: WARN, display: "block" }}>
        {troubles.map((one) => (
          <span key={one} style={{ display: "block" }}>
            {one}
          </span>
        ))}
      </output>
    </section>
  );
}
