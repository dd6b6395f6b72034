/** The one button, which turns in place into a bar with Cancel while the box works. */

import { isRunning } from "../job";
import type { Known, Store } from "../store";
import { strings } from "../strings";
import { ACCENT, BAD, button, faint, quiet, TRACK } from "./styles";

export function Run({ store, known }: { store: Store; known: Known }) {
  const { job, asking, error, study, contact, refused } = known;
  const busy = asking || (job !== undefined && !refused && isRunning(job));
  return (
    <div style={{ margin: "10px 0" }}>
      {busy ? (
        <Bar store={store} known={known} />
      ) : (
        <button
          type="button"
          data-testid="cordline-run"
          style={button}
          disabled={!study || contact.kind !== "there"}
          title={study ? undefined : strings.noStudy}
          onClick={() => void store.run()}
        >
          {job && !refused ? strings.again : strings.run}
        </button>
      )}
      {error && (
        <p role="alert" data-testid="cordline-error" style={{ color: BAD, margin: "6px 0 0" }}>
          {error}
        </p>
      )}
    </div>
  );
}

function Bar({ store, known }: { store: Store; known: Known }) {
  const { job, position, secondsLeft, contact } = known;
  const state = job?.state ?? "receiving";
  const words = [
    state === "queued" ? strings.queued(position ?? 0) : strings.states[state],
    state === "segmenting" && job ? strings.sections(job.done, job.total) : undefined,
    secondsLeft === undefined ? undefined : strings.left(secondsLeft),
  ];
  const text = words.filter(Boolean).join(" · ");
  const percent = Math.round(job && job.total > 0 ? (100 * job.done) / job.total : 0);
  return (
    <div data-testid="cordline-progress">
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
          disabled={!job || contact.kind !== "there"}
          onClick={() => void store.cancel()}
        >
          {strings.cancel}
        </button>
      </div>
    </div>
  );
}
