/** The panel, in the order in which a reader needs it: finding, reviews, answers, lesions; then everything else. */

import type { Lesion } from "@cordline/sdk";
import { useSyncExternalStore } from "react";
import type { Job } from "../job";
import type { Masks } from "../masks";
import type { Store } from "../store";
import { strings } from "../strings";
import { Actions } from "./Actions";
import { Answer } from "./Answer";
import { DeviceStatus } from "./DeviceStatus";
import { DisplayControls } from "./DisplayControls";
import { Finding } from "./Finding";
import { Lesions } from "./Lesions";
import { Provenance } from "./Provenance";
import { ErrorMessage, isBusy, Run } from "./Run";
import { SeriesInfo } from "./SeriesInfo";
import { SeriesSelection } from "./SeriesSelection";
import { BAD, card, foot, panel, SHEET, scrolled } from "./styles";
import { Verdict } from "./Verdict";
import { Warnings } from "./Warnings";

interface Props {
  store: Store;
  masks: Masks;
  /** Moves every viewport to a lesion's centre. */
  jump(job: Job, lesion: Lesion): void;
  /** Shows a series in the active viewport. */
  open(seriesUid: string): void;
  isSagittal(seriesUid: string): boolean;
}

export function Panel({ store, masks, jump, open, isSagittal }: Props) {
  const state = useSyncExternalStore(store.subscribe, store.get);
  const { connection, welcome, mismatch } = state;
  // Nothing is shown of a result that belongs to other images.
  const job = mismatch ? undefined : state.job;
  const isCompleted = job?.state === "completed";
  const hasEnded = job !== undefined && !isBusy(state);
  return (
    <div style={panel} data-testid="cordline-panel">
      <style>{SHEET}</style>
      <div style={scrolled}>
        <DeviceStatus connection={connection} retry={store.reconnect} />
        {mismatch && (
          <p role="alert" data-testid="cordline-refused" style={{ ...card, color: BAD, fontWeight: 600 }}>
            {mismatch}
          </p>
        )}
        {!hasEnded && <Run store={store} state={state} again={false} />}
        <ErrorMessage error={state.error} />
        {job && <Finding job={job} first={state.first} label={state.studyLabel} />}
        {job && <SeriesSelection store={store} state={state} job={job} open={open} isSagittal={isSagittal} />}
        {isCompleted && <Verdict key={job.id} store={store} state={state} job={job} />}
        <Warnings job={job} welcome={welcome} />
        {job?.answers.map((answer) => (
          <Answer
            key={answer.id}
            answer={answer}
            hasHeatMap={job.heat.has(answer.id)}
            opacity={state.heat?.classifier === answer.id ? state.heat.opacity : undefined}
            showHeatMap={(opacity) =>
              store.showHeatMap(opacity === undefined ? undefined : { classifier: answer.id, opacity })
            }
          />
        ))}
        {job && <Lesions job={job} masks={masks} jump={jump} status={state.lesionStatus} />}
        {job && job.masks.size > 0 && <DisplayControls store={store} state={state} />}
        {job && <SeriesInfo job={job} state={state} store={store} open={open} />}
        {isCompleted && <Actions store={store} state={state} job={job} masks={masks} />}
        {hasEnded && job.state !== "needs_selection" && job.state !== "out_of_scope" && (
          <Run store={store} state={state} again />
        )}
        <Provenance job={job} welcome={welcome} />
      </div>
      <div style={foot}>{strings.research}</div>
    </div>
  );
}
