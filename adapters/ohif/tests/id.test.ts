import assert from "node:assert/strict";
import { test } from "node:test";
import { beginVisit, SEGMENTATION_PREFIX, segmentationId } from "../src/id.js";

test("a segmentation has another id each time that OHIF enters its mode", () => {
  const ids = [1, 2, 3].map(() => {
    beginVisit();
    return segmentationId("a");
  });
  assert.equal(new Set(ids).size, 3);
  assert.ok(ids.every((id) => id.startsWith(SEGMENTATION_PREFIX)));
  assert.equal(segmentationId("a"), ids[2]);
});
