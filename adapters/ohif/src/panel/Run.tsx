/** The button that starts an analysis; while one runs, a progress bar with Cancel in its place. */

import { isRunning, secondsLeft } from "../job";
import { isSubmitter, type PanelState } from "../state";
import type { Store } from "../store";
import { strings } from "../strings";
import { whyNotAnalyse } from "./obstacles";
import { ACCENT, BAD, button, faint, quiet, TRACK } from "./styles";

/** True while a job is started, or runs. */
export function isBusy({ job, starting, mismatch }: PanelState): boolean {
  return starting || (job !== undefined && !mismatch && isRunning(job));
}

/** `again`: a smaller button beside a result. */
export function Run({ store, state, again }: { store: Store; state: PanelState; again: boolean }) {
  const { studyUid, connection } = state;
  if (isBusy(state)) return <Progress store={store} state={state} />;
  const disabledReason = studyUid ? whyNotAnalyse(state) : (whyNotAnalyse(state) ?? strings.noStudy);
  return (
    <button
      type="button"
      data-testid="cordline-run"
      style={again ? { ...quiet, marginTop: 10 } : { ...button, margin: "10px 0" }}
      disabled={disabledReason !== undefined || connection.kind !== "connected"}
      title={disabledReason}
      onClick={() => void (again ? store.runAgain() : store.run())}
    >
      {again ? strings.again : strings.run}
    </button>
  );
}

export function ErrorMessage({ error }: { error: string | undefined }) {
  if (!error) return null;
  return (
    <p role="alert" data-testid="cordline-error" style={{ color: BAD, margin: "6px 0 0" }}>
      {error}
    </p>
  );
}

function Progress({ store, state }: { store: Store; state: PanelState }) {
  const { queuePosition, connection } = state;
  // While a job is started, the one before it may still be shown.
  const job = state.job && isRunning(state.job) ? state.job : undefined;
  const jobState = job?.state ?? "receiving";
  // The networks are being loaded: no section is done yet.
  const isPreparing = jobState === "segmenting" && (!job || job.total === 0);
  const left = job && secondsLeft(job, state.secondsLeft);
  const parts = [
    jobState === "queued"
      ? strings.queued(queuePosition ?? 0)
      : isPreparing
        ? strings.preparing
        : strings.states[jobState],
    jobState === "segmenting" && job && !isPreparing ? strings.sections(job.done, job.total) : undefined,
    left === undefined ? undefined : strings.left(left),
  ];
  const text = parts.filter(Boolean).join(" · ");
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
          disabled={!job || connection.kind !== "connected" || !isSubmitter(state)}
          title={isSubmitter(state) ? undefined : strings.onlyLooks}
          onClick={() => void store.cancel()}
        >
          {strings.cancel}
        </button>
      </div>
    </div>
  );
}
