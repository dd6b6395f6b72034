/** What else a reader does with an answer: correct the mask, save it. */

import { useEffect, useState } from "react";
import type { Kind } from "../brush";
import type { Job } from "../job";
import { isSubmitter, type Known } from "../known";
import type { Masks } from "../masks";
import type { Store } from "../store";
import { strings } from "../strings";
import { button, card, faint, GOOD, row, shared } from "./styles";

interface Props {
  store: Store;
  known: Known;
  job: Job;
  masks: Masks;
}

export function Actions({ store, known, job, masks }: Props) {
  if (known.correcting) return <Correcting store={store} job={job} masks={masks} asking={known.asking} />;
  const correct = () => {
    masks.unlock(job, true);
    store.correct(true);
  };
  const looks = isSubmitter(known) ? undefined : strings.onlyLooks;
  // A mask of no lesion, or one that is not drawn, has nothing to be corrected.
  const cannot = looks ?? (known.marks.size > 0 && known.masksSeen !== "lost" ? undefined : strings.notDrawn);
  return (
    <section aria-label={strings.more} style={row}>
      <button
        type="button"
        data-testid="cordline-correct"
        style={shared}
        disabled={cannot !== undefined}
        title={cannot}
        onClick={correct}
      >
        {strings.correct}
      </button>
      <button
        type="button"
        data-testid="cordline-keep"
        style={shared}
        disabled={looks !== undefined}
        title={looks}
        onClick={() => void store.keepResults()}
      >
        {strings.keep}
      </button>
      <output data-testid="cordline-done" style={{ color: GOOD, display: "block" }}>
        {known.done}
      </output>
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
    // What the box did not get stays in the reader's hand.
    void store.classify(masks.mask(job)).then((taken) => taken && masks.unlock(job, false));
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
