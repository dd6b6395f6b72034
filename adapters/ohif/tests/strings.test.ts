import assert from "node:assert/strict";
import { test } from "node:test";
import { probability, strings } from "../src/strings.js";

test("no probability is told as certain", () => {
  assert.deepEqual([1, 0.9999, 0.996, 0.99, 0.5, 0.01, 0.004, 0].map(probability), [
    ">0.99",
    ">0.99",
    ">0.99",
    "0.99",
    "0.50",
    "0.01",
    "<0.01",
    "<0.01",
  ]);
});

test("a verdict names who, when and why", () => {
  assert.equal(strings.rejectedBy("R.", "12:40", "too large"), "Rejected by R., 12:40: too large");
  assert.equal(strings.acceptedBy("R.", "12:40", ""), "Accepted by R., 12:40");
});

test("a study is told by its date and description, as far as it has them", () => {
  assert.match(strings.study("20260105", "MR spine"), /^study of .*2026.*, MR spine$/);
  assert.equal(strings.study(undefined, undefined), "study without date and description");
});
