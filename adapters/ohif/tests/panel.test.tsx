import assert from "node:assert/strict";
import { test } from "node:test";
import type { Review } from "@cordline/sdk";
import { renderToStaticMarkup } from "react-dom/server";
import { type Job, newJob } from "../src/job.js";
import type { Masks } from "../src/masks.js";
import { Actions } from "../src/panel/Actions.js";
import { RejectForm } from "../src/panel/RejectForm.js";
import { isBusy, Run } from "../src/panel/Run.js";
import { SeriesInfo } from "../src/panel/SeriesInfo.js";
import { SeriesSelection } from "../src/panel/SeriesSelection.js";
import { Verdict } from "../src/panel/Verdict.js";
import type { PanelState } from "../src/state.js";
import type { Store } from "../src/store.js";
import { strings } from "../src/strings.js";

const other = { uid: "1.9", selector: "1.9", description: "other", frames: 1, reasons: [] };
const job = {
  ...newJob("a"),
  state: "completed",
  done: 14,
  total: 14,
  series: { uid: "1.2", study_uid: "1", candidates: [], rejected: [other], reasons: [] },
} as unknown as Job;
const review = (of: string): Review => ({ job: of, reader: "R.", at_ms: 0, verdict: "rejected", reason: "" });
const state = {
  connection: { kind: "connected" },
  studyUid: "1",
  seriesUid: "1.2",
  job,
  requesting: false,
  starting: false,
  correcting: false,
  reviews: [review("b")],
  lesionStatus: new Map([[1, {}]]),
  maskStatus: "drawn",
} as unknown as PanelState;
const shared = { store: {} as Store, open: () => {}, isSagittal: () => true };

/** Every button of the panel that asks the gateway for something: its name, and why it is disabled, if it is. */
function buttons(change: Partial<PanelState>): Record<string, string | undefined> {
  const now = { ...state, ...change };
  const undecided = { ...job, state: "needs_selection", series: { ...job.series, candidates: [other] } } as Job;
  const html = renderToStaticMarkup(
    <>
      <Verdict {...shared} state={now} job={job} />
      <SeriesInfo {...shared} state={now} job={job} />
      <SeriesSelection {...shared} state={now} job={undecided} />
      <Actions {...shared} state={{ ...now, correcting: false }} job={job} masks={{} as Masks} />
      <Run {...shared} state={now} again />
    </>,
  );
  const found = html.matchAll(/<button[^>]*>[^<]*/g);
  return Object.fromEntries(
    [...found].flatMap(([text]) => {
      const words = text.split(">")[1] ?? "";
      const title = / title="([^"]*)"/.exec(text)?.[1];
      return words === strings.show ? [] : [[words, / disabled=""/.test(text) ? (title ?? "") : undefined]];
    }),
  );
}

const { accept, reject, showThat, use, correct, keep, again } = strings;

test("what asks the gateway can be pressed, unless a request is under way", () => {
  const all = [accept, reject, showThat, use, correct, keep, again];
  assert.deepEqual(buttons({}), Object.fromEntries(all.map((name) => [name, undefined])));
  assert.deepEqual(buttons({ requesting: true }), Object.fromEntries(all.map((name) => [name, strings.underWay])));
  const looks = Object.entries(buttons({ session: { name: "", role: "viewer" } }));
  assert.deepEqual(
    looks.filter(([, why]) => why === undefined).map(([name]) => name),
    [showThat],
  );
});

test("what shows another job cannot be pressed during a correction", () => {
  const found = Object.entries(buttons({ correcting: true }));
  assert.deepEqual(
    found.filter(([, why]) => why === strings.endCorrection).map(([name]) => name),
    [showThat, use, again],
  );
});

test("a reason cannot be sent while another request is under way", () => {
  const form = { submit: () => {}, close: () => {} };
  assert.match(renderToStaticMarkup(<RejectForm {...form} disabled />), /type="submit"[^>]* disabled=""/);
  assert.doesNotMatch(renderToStaticMarkup(<RejectForm {...form} disabled={false} />), / disabled=""/);
});

test("a request about a result is not progress of an analysis", () => {
  assert.equal(isBusy({ ...state, requesting: true }), false);
  assert.equal(isBusy({ ...state, requesting: true, starting: true }), true);
  // Of the job that is started, not of the one that has ended.
  const html = renderToStaticMarkup(<Run {...shared} state={{ ...state, requesting: true, starting: true }} again />);
  assert.match(html, new RegExp(`aria-valuenow="0" aria-valuetext="${strings.states.receiving}"`));
  assert.match(html, /cordline-cancel"[^>]* disabled=""/);
});
