/** What a reader does with an answer: correct the mask, accept, reject, store. */

import { useState } from "react";
import type { Job } from "../job";
import type { Masks } from "../masks";
import type { Known, Store } from "../store";
import { strings } from "../strings";
import { button, card, faint, GOOD, GROUND, INK, quiet } from "./styles";

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
  return (
    <section style={card}>
      <div style={{ display: "flex", flexWrap: "wrap", gap: 8 }}>
        <button type="button" data-testid="cordline-accept" style={quiet} onClick={() => void store.judge(true, "")}>
          {strings.accept}
        </button>
        <button type="button" data-testid="cordline-reject" style={quiet} onClick={() => setRejecting(!rejecting)}>
          {strings.reject}
        </button>
        <button type="button" data-testid="cordline-correct" style={quiet} onClick={correct}>
          {strings.correct}
        </button>
        <button type="button" data-testid="cordline-keep" style={quiet} onClick={() => void store.keep()}>
          {strings.keep}
        </button>
      </div>
      {rejecting && (
        <div style={{ display: "flex", gap: 8, marginTop: 8 }}>
          <input
            aria-label={strings.why}
            placeholder={strings.why}
            value={reason}
            onChange={(change) => setReason(change.target.value)}
            style={{ flex: 1, background: GROUND, color: INK, border: `1px solid ${INK}`, borderRadius: 4, padding: 4 }}
          />
          <button type="button" data-testid="cordline-reject-now" style={quiet} onClick={reject}>
            {strings.reject}
          </button>
        </div>
      )}
      {known.done && (
        <output data-testid="cordline-done" style={{ color: GOOD, display: "block", marginTop: 6 }}>
          {known.done}
        </output>
      )}
    </section>
  );
}

function Correcting({ store, job, masks, asking }: Omit<Props, "known"> & { asking: boolean }) {
  const giveUp = () => {
    masks.unlock(job, false);
    store.correct(false);
  };
  const classify = () => {
    const mask = masks.corrected(job);
    masks.unlock(job, false);
    void store.classify(mask);
  };
  return (
    <section style={card}>
      <p style={faint}>{strings.correctHow}</p>
      <button type="button" data-testid="cordline-classify" style={button} disabled={asking} onClick={classify}>
        {strings.classify}
      </button>
      <button type="button" style={{ ...quiet, marginTop: 8 }} onClick={giveUp}>
        {strings.giveUp}
      </button>
    </section>
  );
}
