/** The one button, which turns in place into a bar with Cancel while the box works. */

import { isRunning } from "../job";
import type { Known, Store } from "../store";
import { strings } from "../strings";
import { ACCENT, BAD, button, faint, quiet } from "./styles";

export function Run({ store, known }: { store: Store; known: Known }) {
  const { job, asking, error, study, contact } = known;
  const busy = asking || (job !== undefined && isRunning(job));
  return (
    <div style={{ margin: "10px 0" }}>
      {busy ? (
        <Bar store={store} known={known} />
      ) : (
        <button
          type="button"
          data-testid="cordline-run"
          style={{ ...button, opacity: study && contact.kind === "there" ? 1 : 0.5 }}
          disabled={!study || contact.kind !== "there"}
          title={study ? undefined : strings.noStudy}
          onClick={() => void store.run()}
        >
          {job ? strings.again : strings.run}
        </button>
      )}
      {(error ?? (!busy && job?.problem)) && (
        <p role="alert" style={{ color: BAD, margin: "6px 0 0" }}>
          {error ?? job?.problem}
        </p>
      )}
    </div>
  );
}

function Bar({ store, known }: { store: Store; known: Known }) {
  const { job, position, secondsLeft } = known;
  const state = job?.state ?? "receiving";
  const words = [
    state === "queued" ? strings.queued(position ?? 0) : strings.states[state],
    state === "segmenting" && job ? strings.sections(job.done, job.total) : undefined,
    secondsLeft === undefined ? undefined : strings.left(secondsLeft),
  ];
  const share = job && job.total > 0 ? job.done / job.total : 0;
  return (
    <div data-testid="cordline-progress">
      <progress value={share} style={{ width: "100%", height: 8, accentColor: ACCENT }} />
      <div style={{ display: "flex", justifyContent: "space-between", alignItems: "center", marginTop: 6 }}>
        <span style={faint}>{words.filter(Boolean).join(" · ")}</span>
        <button type="button" data-testid="cordline-cancel" style={quiet} onClick={() => void store.cancel()}>
          {strings.cancel}
        </button>
      </div>
    </div>
  );
}
