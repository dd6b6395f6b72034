import assert from "node:assert/strict";
import { test } from "node:test";
import { type Job, newJob } from "../src/job.js";
import { outcome } from "../src/outcome.js";

const problem = { code: "c", message: "it is axial", action: "send a sagittal series" };
const job = (rest: Partial<Job>): Job => ({ ...newJob("a"), ...rest });

test("while it runs there is no outcome", () => {
  assert.equal(outcome(job({ state: "segmenting" })), undefined);
});

test("an answer is said in the box's words", () => {
  const finding = { name: "tumour", subtype: "ependymoma", label: "Tumour: Ependymoma" };
  assert.deepEqual(outcome(job({ state: "completed", finding })), { tone: "plain", title: "Tumour: Ependymoma" });
});

test("no lesion and undecided are answers, each with what it means", () => {
  const none = outcome(job({ state: "completed", finding: { name: "no_lesion", label: "No lesion found" } }));
  assert.equal(none?.title, "No lesion found");
  assert.match(none?.means ?? "", /Look at the images/);
  const undecided = outcome(job({ state: "completed", finding: { name: "indeterminate", label: "x" } }));
  assert.deepEqual([undecided?.tone, undecided?.title], ["warn", "Lesion found, kind undecided"]);
  assert.match(undecided?.means ?? "", /undecided zone/);
});

test("an end without an answer says why and what to do", () => {
  for (const [state, tone, title] of [
    ["out_of_scope", "warn", "Not analysed: out of scope"],
    ["failed", "bad", "The analysis failed"],
  ] as const) {
    const means = "it is axial; send a sagittal series";
    assert.deepEqual(outcome(job({ state, problem })), { tone, title, means });
  }
  assert.equal(outcome(job({ state: "cancelled", problem }))?.title, "Cancelled");
  const choice = outcome(job({ state: "needs_selection", problem: { ...problem, action: "--series UID" } }));
  assert.equal(choice?.title, "Not analysed yet: a series must be chosen");
  assert.doesNotMatch(choice?.means ?? "", /UID/);
});

test("a job that failed after its finding does not tell it", () => {
  const finding = { name: "tumour", label: "Tumour" };
  assert.equal(outcome(job({ state: "failed", finding, problem }))?.title, "The analysis failed");
});
