import assert from "node:assert/strict";
import { test } from "node:test";
import { packBits } from "@cordline/sdk";
import { type Job, newJob } from "../src/job.js";
import { lesionLabels, sectionLabels } from "../src/lesionLabels.js";

/** Sections x rows x columns. */
const SHAPE: [number, number, number] = [3, 4, 5];
const at = (s: number, r: number, c: number) => (s * 4 + r) * 5 + c;
const mask = (...voxels: number[]) => Uint8Array.from({ length: 60 }, (_, i) => (voxels.includes(i) ? 1 : 0));

test("corners connect through sections, and the largest lesion is number one", () => {
  const small = [at(0, 0, 0), at(1, 1, 1)];
  const large = [at(0, 3, 4), at(1, 3, 4), at(2, 3, 4)];
  const labels = lesionLabels(mask(...small, ...large), SHAPE);
  assert.deepEqual(
    small.map((v) => labels[v]),
    [2, 2],
  );
  assert.deepEqual(
    large.map((v) => labels[v]),
    [1, 1, 1],
  );
  assert.equal(labels.filter(Boolean).length, 5);
});

test("a corner connects to every side", () => {
  for (const turn of [-1, 1]) {
    const labels = lesionLabels(mask(at(0, 1, 2), at(1, 1 + turn, 2 - turn), at(1, 2, 2 + turn)), SHAPE);
    assert.deepEqual([...new Set(labels)], [0, 1]);
  }
});

test("of two of one size the first in the volume goes first, and the ends of rows do not touch", () => {
  const labels = lesionLabels(mask(at(0, 0, 4), at(0, 1, 0)), SHAPE);
  assert.deepEqual([labels[at(0, 0, 4)], labels[at(0, 1, 0)]], [1, 2]);
});

test("lesions are labelled once they were measured, and each section has its own", () => {
  const grid = { shape: SHAPE, matrix: [], pixel_sha256: "", provider: "CPU" };
  const bits = (...voxels: number[]) => packBits(mask(...voxels.map((v) => v % 20)).subarray(0, 20));
  const masks = new Map([
    [1, { rows: 4, columns: 5, bits: bits(at(0, 0, 0)) }],
    [3, { rows: 4, columns: 5, bits: bits(at(2, 3, 3), at(2, 3, 4)) }],
  ]);
  const lesion = { volume_ml: 1, extent_mm: 1, sections: [1], centre_lps_mm: [0, 0, 0] as [number, number, number] };
  const job: Job = { ...newJob("a"), grid, masks };
  assert.equal(sectionLabels(job), undefined);
  const labels = sectionLabels({ ...job, lesions: [1, 2].map((number) => ({ ...lesion, number })) });
  assert.equal(labels?.get(1)?.[0], 2);
  assert.deepEqual([labels?.get(3)?.[18], labels?.get(3)?.[19], labels?.get(3)?.length], [1, 1, 20]);
});
