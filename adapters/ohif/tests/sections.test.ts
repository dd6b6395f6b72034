import assert from "node:assert/strict";
import { test } from "node:test";
import { origin, sectionOf } from "../src/sections.js";

// Sagittal: columns to the back, rows downwards, sections to the left, 3.3 mm apart.
const MATRIX = [0, 0, 3.3, -24.75, 0.625, 0, 0, -80, 0, -0.625, 0, 120.5, 0, 0, 0, 1];
const SAGITTAL = [0, 1, 0, 0, 0, -1];

test("an image is known by where it lies", () => {
  assert.deepEqual(origin(MATRIX, 1), [-24.75, -80, 120.5]);
  assert.equal(sectionOf(MATRIX, 5, { position: [-24.75 + 2 * 3.3, -80, 120.5], orientation: SAGITTAL }), 3);
  assert.equal(sectionOf(MATRIX, 2, { position: [-24.75 + 2 * 3.3, -80, 120.5], orientation: SAGITTAL }), undefined);
});

test("a shifted, turned or flipped image is none of them", () => {
  const at = [-24.75, -80, 120.5];
  assert.equal(sectionOf(MATRIX, 5, { position: [-24.75, -79, 120.5], orientation: SAGITTAL }), undefined);
  assert.equal(sectionOf(MATRIX, 5, { position: at, orientation: [0, -1, 0, 0, 0, -1] }), undefined);
  assert.equal(sectionOf(MATRIX, 5, { position: at, orientation: [1, 0, 0, 0, 1, 0] }), undefined);
  assert.equal(sectionOf(MATRIX, 5, { position: [], orientation: SAGITTAL }), undefined);
});
