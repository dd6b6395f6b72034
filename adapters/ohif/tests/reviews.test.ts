import assert from "node:assert/strict";
import { test } from "node:test";
import type { Review } from "@cordline/sdk";
import { currentReview, otherReviews } from "../src/reviews.js";

const said = (job: string, verdict: Review["verdict"], at_ms: number): Review => ({
  job,
  reader: "R.",
  at_ms,
  verdict,
  reason: "",
});

test("the last word on an analysis stands, and one that was taken back does not", () => {
  const reviews = [said("a", "accepted", 1), said("b", "accepted", 2), said("a", "rejected", 3)];
  assert.equal(currentReview(reviews, "a")?.verdict, "rejected");
  assert.equal(currentReview([...reviews, said("a", "withdrawn", 4)], "a"), undefined);
  assert.equal(currentReview(reviews, "c"), undefined);
});

test("what was said of a study's other analyses is told, newest first", () => {
  const reviews = [
    said("a", "accepted", 1),
    said("b", "rejected", 2),
    said("c", "accepted", 3),
    said("c", "withdrawn", 4),
  ];
  assert.deepEqual(
    otherReviews(reviews, "d").map((one) => one.job),
    ["b", "a"],
  );
  assert.deepEqual(otherReviews(reviews, "b").length, 1);
});
