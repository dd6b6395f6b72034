/** How masks and heat maps are displayed: hidden, outline or filled, opacity; and a message where they cannot be drawn. */

import type { PanelState } from "../state";
import type { Store } from "../store";
import { strings } from "../strings";
import { faint, quiet, row, WARN } from "./styles";

export function DisplayControls({ store, state }: { store: Store; state: PanelState }) {
  const { display, maskStatus, heatMapStatus, heat } = state;
  const messages = [
    ...(maskStatus === "unsupported" ? [strings.unfit] : []),
    ...(maskStatus === "lost" ? [strings.lostMasks] : []),
    ...(heat && heatMapStatus === "lost" ? [strings.lostHeat] : []),
    ...(state.has3d && maskStatus !== "unsupported" ? [strings.notIn3d] : []),
    ...(display.hidden ? [strings.allHidden] : []),
  ];
  return (
    <section aria-label={strings.onImages} style={{ marginTop: 8 }}>
      <div style={row}>
        <button
          type="button"
          style={quiet}
          data-testid="cordline-hide-all"
          aria-pressed={display.hidden}
          aria-keyshortcuts="O"
          title={strings.hideAllHow}
          onClick={() => store.setDisplay({ hidden: !display.hidden })}
        >
          {display.hidden ? strings.showAll : strings.hideAll}
        </button>
        <button
          type="button"
          style={quiet}
          data-testid="cordline-outline"
          aria-pressed={display.outline}
          onClick={() => store.setDisplay({ outline: !display.outline })}
        >
          {strings.outline}
        </button>
        <input
          type="range"
          min={0.1}
          max={1}
          step={0.05}
          value={display.opacity}
          aria-label={strings.density}
          title={strings.density}
          style={{ flex: 1, minWidth: 60 }}
          onChange={(change) => store.setDisplay({ opacity: Number(change.target.value) })}
        />
      </div>
      <output data-testid="cordline-not-drawn" style={{ ...faint, color: WARN, display: "block" }}>
        {messages.map((one) => (
          <span key={one} style={{ display: "block" }}>
            {one}
          </span>
        ))}
      </output>
    </section>
  );
}
