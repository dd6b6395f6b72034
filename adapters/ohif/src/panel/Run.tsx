/** The button that begins an analysis, which turns in place into a bar with Cancel while the box works. */

import { isRunning, secondsLeft } from "../job";
import { isSubmitter, type Known } from "../known";
import type { Store } from "../store";
import { strings } from "../strings";
import { ACCENT, BAD, button, faint, quiet, TRACK } from "./styles";

export function isBusy({ job, asking, refused }: Known): boolean {
  return asking || (job !== undefined && !refused && isRunning(job));
}

/** `again`: beside an answer it stands back. */
export function Run({ store, known, again }: { store: Store; known: Known; again: boolean }) {
  const { study, contact } = known;
  if (isBusy(known)) return <Bar store={store} known={known} />;
  const cannot = isSubmitter(known) ? (study ? undefined : strings.noStudy) : strings.onlyLooks;
  return (
    <button
      type="button"
      data-testid="cordline-run"
      style={again ? { ...quiet, marginTop: 10 } : { ...button, margin: "10px 0" }}
      disabled={cannot !== undefined || contact.kind !== "there"}
      title={cannot}
      onClick={() => void store.run()}
    >
      {again ? strings.again : strings.run}
    </button>
  );
}

export function Trouble({ error }: { error: string | undefined }) {
  if (!error) return null;
  return (
    <p role="alert" data-testid="cordline-error" style={{ color: BAD, margin: "6px 0 0" }}>
      {error}
    </p>
  );
}

function Bar({ store, known }: { store: Store; known: Known }) {
  const { job, position, contact } = known;
  const state = job?.state ?? "receiving";
  // The networks are made ready, and no section is done yet.
  const begins = state === "segmenting" && (!job || job.total === 0);
  const left = job && secondsLeft(job, known.secondsLeft);
  const words = [
    state === "queued" ? strings.queued(position ?? 0) : begins ? strings.preparing : strings.states[state],
    state === "segmenting" && job && !begins ? strings.sections(job.done, job.total) : undefined,
    left === undefined ? undefined : strings.left(left),
  ];
  const text = words.filter(Boolean).join(" · ");
  const percent = Math.round(job && job.total > 0 ? (100 * job.done) / job.total : 0);
  return (
    <div data-testid="cordline-progress" style={{ margin: "10px 0" }}>
      <div
        role="progressbar"
        aria-label={strings.progress}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={text}
        style={{ height: 8, borderRadius: 4, background: TRACK, overflow: "hidden" }}
      >
        <div style={{ height: 8, width: `${percent}%`, background: ACCENT }} />
      </div>
      <div style={{ display: "flex", justifyContent: "space-between", alignItems: "center", marginTop: 6 }}>
        <span style={faint}>{text}</span>
        <button
          type="button"
          data-testid="cordline-cancel"
          style={quiet}
          disabled={!job || contact.kind !== "there" || !isSubmitter(known)}
          title={isSubmitter(known) ? undefined : strings.onlyLooks}
          onClick={() => void store.cancel()}
        >
          {strings.cancel}
        </button>
      </div>
    </div>
  );
}
