/** Actions on a result: correct the mask, save to the archive. */

import { useEffect, useState } from "react";
import type { BrushKind } from "../brush";
import type { Job } from "../job";
import type { Masks } from "../masks";
import type { PanelState } from "../state";
import type { Store } from "../store";
import { strings } from "../strings";
import { whyNotRequest } from "./obstacles";
import { button, card, faint, GOOD, row, shared } from "./styles";

interface Props {
  store: Store;
  state: PanelState;
  job: Job;
  masks: Masks;
}

export function Actions({ store, state, job, masks }: Props) {
  if (state.correcting) return <CorrectionTools store={store} job={job} masks={masks} requesting={state.requesting} />;
  const correct = () => {
    masks.setEditable(job, true);
    store.setCorrecting(true);
  };
  const notAllowed = whyNotRequest(state);
  // Only a mask that is drawn can be painted on.
  const isDrawn = state.lesionStatus.size > 0 && state.maskStatus !== "lost";
  const cannotCorrect = notAllowed ?? (isDrawn ? undefined : strings.notDrawn);
  return (
    <section aria-label={strings.more} style={row}>
      <button
        type="button"
        data-testid="cordline-correct"
        style={shared}
        disabled={cannotCorrect !== undefined}
        title={cannotCorrect}
        onClick={correct}
      >
        {strings.correct}
      </button>
      <button
        type="button"
        data-testid="cordline-keep"
        style={shared}
        disabled={notAllowed !== undefined}
        title={notAllowed}
        onClick={() => void store.storeResults()}
      >
        {strings.keep}
      </button>
      <output data-testid="cordline-done" style={{ color: GOOD, display: "block" }}>
        {state.done}
      </output>
    </section>
  );
}

function CorrectionTools({ store, job, masks, requesting }: Omit<Props, "state"> & { requesting: boolean }) {
  const [kind, setKind] = useState<BrushKind>("brush");
  const [diameter, setDiameter] = useState(5);
  // Also after a change of tab, which resets this state: the brush must be as it is shown.
  useEffect(() => masks.setBrush(job, kind, diameter), [masks, job, kind, diameter]);
  const giveUp = () => {
    masks.setEditable(job, false);
    masks.restore(job);
    store.setCorrecting(false);
  };
  const classify = () => {
    // If the daemon did not get the mask, the correction goes on.
    void store
      .submitCorrection(masks.readMask(job))
      .then((isSubmitted) => isSubmitted && masks.setEditable(job, false));
  };
  return (
    <section style={card} aria-label={strings.correct}>
      <p style={faint}>{strings.correctHow}</p>
      <div style={{ ...row, margin: "8px 0" }}>
        {(["brush", "eraser"] as const).map((one) => (
          <button
            key={one}
            type="button"
            data-testid={`cordline-${one}`}
            style={shared}
            aria-pressed={kind === one}
            onClick={() => setKind(one)}
          >
            {strings[one]}
          </button>
        ))}
        <label style={{ ...row, width: "100%" }}>
          <span style={{ minWidth: 96 }}>{strings.brushSize(diameter)}</span>
          <input
            type="range"
            min={1}
            max={30}
            value={diameter}
            style={{ flex: 1 }}
            onChange={(change) => setDiameter(Number(change.target.value))}
          />
        </label>
      </div>
      <button type="button" data-testid="cordline-classify" style={button} disabled={requesting} onClick={classify}>
        {strings.classify}
      </button>
      <button
        type="button"
        data-testid="cordline-give-up"
        style={{ ...shared, marginTop: 8, width: "100%" }}
        disabled={requesting}
        onClick={giveUp}
      >
        {strings.giveUp}
      </button>
    </section>
  );
}
