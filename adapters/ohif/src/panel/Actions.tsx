/** What a reader does with an answer: correct the mask, accept, reject, store. */

import { useEffect, useState } from "react";
import type { Kind } from "../brush";
import type { Job } from "../job";
import type { Masks } from "../masks";
import type { Known, Store } from "../store";
import { strings } from "../strings";
import { button, card, faint, GOOD, GROUND, heading, INK, row, shared } from "./styles";

interface Props {
  store: Store;
  known: Known;
  job: Job;
  masks: Masks;
}

export function Actions({ store, known, job, masks }: Props) {
  const [rejecting, setRejecting] = useState(false);
  const [reason, setReason] = useState("");
  if (known.correcting) return <Correcting store={store} job={job} masks={masks} asking={known.asking} />;
  const correct = () => {
    masks.unlock(job, true);
    store.correct(true);
  };
  const reject = () => {
    setRejecting(false);
    void store.judge(false, reason);
  };
  // A mask of no lesion, or one that is not drawn, has nothing to be corrected.
  const drawn = known.marks.size > 0;
  return (
    <section aria-label={strings.reader}>
      <h3 style={heading}>{strings.reader}</h3>
      <div style={card}>
        <div style={row}>
          <button type="button" data-testid="cordline-accept" style={shared} onClick={() => void store.judge(true, "")}>
            {strings.accept}
          </button>
          <button
            type="button"
            data-testid="cordline-correct"
            style={shared}
            disabled={!drawn}
            title={drawn ? undefined : strings.notDrawn}
            onClick={correct}
          >
            {strings.correct}
          </button>
          <button type="button" data-testid="cordline-keep" style={shared} onClick={() => void store.keepResults()}>
            {strings.keep}
          </button>
          <button
            type="button"
            data-testid="cordline-reject"
            style={shared}
            aria-expanded={rejecting}
            onClick={() => setRejecting(!rejecting)}
          >
            {strings.reject}
          </button>
        </div>
        {rejecting && (
          <div style={{ display: "flex", gap: 8, marginTop: 8 }}>
            <input
              aria-label={strings.why}
              placeholder={strings.why}
              value={reason}
              onChange={(change) => setReason(change.target.value)}
              style={{ flex: 1, minWidth: 0, background: GROUND, color: INK, border: `1px solid ${INK}`, padding: 4 }}
            />
            <button
              type="button"
              data-testid="cordline-reject-now"
              style={{ ...shared, flex: "none" }}
              onClick={reject}
            >
              {strings.reject}
            </button>
          </div>
        )}
        <output data-testid="cordline-done" style={{ color: GOOD, display: "block", marginTop: known.done ? 6 : 0 }}>
          {known.done}
        </output>
      </div>
    </section>
  );
}

function Correcting({ store, job, masks, asking }: Omit<Props, "known"> & { asking: boolean }) {
  const [kind, setKind] = useState<Kind>("brush");
  const [mm, setMm] = useState(5);
  // Another tab and back: the brush is as it is shown here.
  useEffect(() => masks.take(job, kind, mm), [masks, job, kind, mm]);
  const giveUp = () => {
    masks.unlock(job, false);
    masks.restore(job);
    store.correct(false);
  };
  const classify = () => {
    const mask = masks.corrected(job);
    masks.unlock(job, false);
    void store.classify(mask);
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
          <span style={{ minWidth: 96 }}>{strings.brushSize(mm)}</span>
          <input
            type="range"
            min={1}
            max={30}
            value={mm}
            style={{ flex: 1 }}
            onChange={(change) => setMm(Number(change.target.value))}
          />
        </label>
      </div>
      <button type="button" data-testid="cordline-classify" style={button} disabled={asking} onClick={classify}>
        {strings.classify}
      </button>
      <button
        type="button"
        data-testid="cordline-give-up"
        style={{ ...shared, marginTop: 8, width: "100%" }}
        onClick={giveUp}
      >
        {strings.giveUp}
      </button>
    </section>
  );
}
