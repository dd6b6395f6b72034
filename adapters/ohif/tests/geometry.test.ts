import assert from "node:assert/strict";
import { test } from "node:test";
import { findSection, nearestImage, sectionOrigin } from "../src/geometry.js";

// Sagittal: columns to the back, rows downwards, sections to the left, 3.3 mm apart.
const MATRIX = [0, 0, 3.3, -24.75, 0.625, 0, 0, -80, 0, -0.625, 0, 120.5, 0, 0, 0, 1];
const SAGITTAL = [0, 1, 0, 0, 0, -1];

test("an image is known by where it lies", () => {
  assert.deepEqual(sectionOrigin(MATRIX, 1), [-24.75, -80, 120.5]);
  assert.equal(findSection(MATRIX, 5, { position: [-24.75 + 2 * 3.3, -80, 120.5], orientation: SAGITTAL }), 3);
  assert.equal(findSection(MATRIX, 2, { position: [-24.75 + 2 * 3.3, -80, 120.5], orientation: SAGITTAL }), undefined);
});

test("a shifted, turned or flipped image is none of them", () => {
  const at = [-24.75, -80, 120.5];
  assert.equal(findSection(MATRIX, 5, { position: [-24.75, -79, 120.5], orientation: SAGITTAL }), undefined);
  assert.equal(findSection(MATRIX, 5, { position: at, orientation: [0, -1, 0, 0, 0, -1] }), undefined);
  assert.equal(findSection(MATRIX, 5, { position: at, orientation: [1, 0, 0, 0, 1, 0] }), undefined);
  assert.equal(findSection(MATRIX, 5, { position: [], orientation: SAGITTAL }), undefined);
});

test("the image nearest to a place is found by millimetres, whichever way the images run", () => {
  const sagittal = [-6, -3, 0, 3, 6].map((x) => ({ position: [x, 10, 10], orientation: [0, 1, 0, 0, 0, -1] }));
  assert.equal(nearestImage(sagittal, [2.6, 100, -50]), 3);
  assert.equal(nearestImage([...sagittal].reverse(), [2.6, 100, -50]), 1);
  const axial = [0, 4, 8].map((z) => ({ position: [-50, -50, z], orientation: [1, 0, 0, 0, 1, 0] }));
  assert.equal(nearestImage(axial, [2.6, 100, 5]), 1);
  assert.equal(nearestImage(axial, [0, 0, 300]), 2, "the last one, where the place lies beyond");
});

test("an image that does not say where it lies is passed over", () => {
  assert.equal(nearestImage([undefined, { position: [0, 0, 9], orientation: [1, 0, 0, 0, 1, 0] }], [0, 0, 0]), 1);
  assert.equal(nearestImage([undefined], [0, 0, 0]), undefined);
});
