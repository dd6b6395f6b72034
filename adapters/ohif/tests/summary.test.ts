import assert from "node:assert/strict";
import { test } from "node:test";
import { type Job, newJob } from "../src/job.js";
import { summarize } from "../src/summary.js";

const problem = { code: "c", message: "it is axial", action: "send a sagittal series" };
const job = (rest: Partial<Job>): Job => ({ ...newJob("a"), ...rest });

test("while it runs there is no outcome", () => {
  assert.equal(summarize(job({ state: "segmenting" })), undefined);
});

test("an answer is said in the box's words", () => {
  const finding = { name: "tumour", subtype: "ependymoma", label: "Tumour: Ependymoma" };
  assert.deepEqual(summarize(job({ state: "completed", finding })), { severity: "info", title: "Tumour: Ependymoma" });
});

test("no lesion and undecided are answers, each with what it means", () => {
  const none = summarize(job({ state: "completed", finding: { name: "no_lesion", label: "No lesion found" } }));
  assert.equal(none?.title, "No lesion found");
  assert.match(none?.detail ?? "", /Look at the images/);
  const undecided = summarize(job({ state: "completed", finding: { name: "indeterminate", label: "x" } }));
  assert.deepEqual([undecided?.severity, undecided?.title], ["warning", "Lesion found, kind undecided"]);
  assert.match(undecided?.detail ?? "", /undecided zone/);
});

test("an end without an answer says why and what to do", () => {
  for (const [state, severity, title] of [
    ["out_of_scope", "warning", "Not analysed: out of scope"],
    ["failed", "error", "The analysis failed"],
  ] as const) {
    const detail = "it is axial; send a sagittal series";
    assert.deepEqual(summarize(job({ state, problem })), { severity, title, detail });
  }
  assert.equal(summarize(job({ state: "cancelled", problem }))?.title, "Cancelled");
  const choice = summarize(job({ state: "needs_selection", problem: { ...problem, action: "--series UID" } }));
  assert.equal(choice?.title, "Not analysed yet: a series must be chosen");
  assert.doesNotMatch(choice?.detail ?? "", /UID/);
});

test("a job that failed after its finding does not tell it", () => {
  const finding = { name: "tumour", label: "Tumour" };
  assert.equal(summarize(job({ state: "failed", finding, problem }))?.title, "The analysis failed");
});
