import assert from "node:assert/strict";
import { test } from "node:test";
import type { Event } from "@cordline/sdk";
import { applyEvent, isRunning, newJob, secondsLeft } from "../src/job.js";

const NONE = new Uint8Array();
const event = (number: number, rest: object): Event =>
  ({ v: 1, job: "a", number, at_ms: 100 * number, ...rest }) as Event;
const state = (number: number, body: object) => event(number, { event: "state", body });

test("masks come section by section, and the last one of a section counts", () => {
  let job = newJob("a");
  const section = (number: number, done: number) =>
    event(number, {
      event: "section",
      body: { section: 2, done, total: 3, final: false, mask: { shape: [2, 3], element: "bit" } },
    });
  job = applyEvent(job, section(1, 1), new Uint8Array([1]));
  job = applyEvent(job, section(2, 2), new Uint8Array([7]));
  assert.deepEqual(job.masks.get(2), { rows: 2, columns: 3, bits: new Uint8Array([7]) });
  assert.deepEqual([job.done, job.total, job.last], [2, 3, 2]);
});

test("an event that was there already, or of another job, changes nothing", () => {
  const job = applyEvent(newJob("a"), state(3, { state: "segmenting" }), NONE);
  assert.equal(applyEvent(job, state(3, { state: "failed" }), NONE), job);
  assert.equal(applyEvent(job, { ...state(4, { state: "failed" }), job: "b" } as Event, NONE), job);
});

test("a job that is taken up again forgets what it had said", () => {
  let job = applyEvent(newJob("a"), state(1, { state: "queued" }), NONE);
  job = applyEvent(job, event(2, { event: "warning", body: { message: "one" } }), NONE);
  const problem = { code: "c", message: "m", action: "do" };
  job = applyEvent(job, state(3, { state: "failed", problem }), NONE);
  assert.equal(job.problem, problem);
  assert.equal(isRunning(job), false);
  job = applyEvent(job, state(4, { state: "queued" }), NONE);
  assert.deepEqual([job.problem, job.warnings, job.last, isRunning(job)], [undefined, [], 4, true]);
});

test("how long it took is told by the box's clock, and anew when it is taken up again", () => {
  let job = applyEvent(newJob("a"), state(1, { state: "queued" }), NONE);
  job = applyEvent(job, state(2, { state: "cancelled" }), NONE);
  assert.deepEqual([job.beganMs, job.lastMs], [100, 200]);
  job = applyEvent(job, state(7, { state: "queued" }), NONE);
  job = applyEvent(job, state(9, { state: "completed" }), NONE);
  assert.deepEqual([job.beganMs, job.lastMs], [700, 900]);
});

test("what a later daemon tells is passed over", () => {
  const job = applyEvent(newJob("a"), event(1, { event: "mood", body: {} }), NONE);
  assert.equal(job.last, 1);
});

test("seconds left are told once the pace is known, and never fewer than it makes likely", () => {
  const mask = { shape: [2, 3], element: "bit" };
  const section = (number: number) =>
    event(number, {
      at_ms: 1000 * number,
      event: "section",
      body: { section: number, done: number, total: 10, final: false, mask },
    });
  let job = applyEvent(newJob("a"), { ...state(1, { state: "segmenting" }), number: 0.5 } as Event, NONE);
  for (const number of [1, 2]) job = applyEvent(job, section(number), NONE);
  assert.equal(secondsLeft(job, 1), undefined);
  for (const number of [3, 4]) job = applyEvent(job, section(number), NONE);
  assert.equal(secondsLeft(job, 1), 6);
  assert.equal(secondsLeft(job, 20), 20);
});
