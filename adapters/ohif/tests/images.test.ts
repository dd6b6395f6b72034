import assert from "node:assert/strict";
import { test } from "node:test";
import { comparePixels } from "../src/comparePixels.js";
import { labelmapSections, sectionOfImage } from "../src/images.js";
import { type Job, newJob } from "../src/job.js";

// Sagittal: columns to the back, rows downwards, two sections 3 mm apart.
const MATRIX = [0, 0, 3, 0, 1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 0, 1];
const job: Job = { ...newJob("a"), grid: { shape: [2, 1, 1], matrix: MATRIX, pixel_sha256: "", provider: "CPU" } };
const section = (x: number) => ({ ImagePositionPatient: [x, 0, 0], ImageOrientationPatient: [0, 1, 0, 0, 0, -1] });
/** A secondary capture in the same series says neither where it lies nor how. */
const instances: Record<string, object> = { first: section(0), capture: {}, second: section(3) };

test("an image without a plane shows no section, and hides none", async () => {
  const image = (referencedImageId: string) => ({ referencedImageId, voxelManager: { getScalarData: () => [0] } });
  const cornerstone = {
    metaData: { get: (kind: string, id: string) => (kind === "instance" ? instances[id] : undefined) },
    cache: { getImage: image },
  };
  const imageIds = Object.keys(instances);
  const labelmap = { representationData: { Labelmap: { imageIds } } };
  const cornerstoneTools = { segmentation: { state: { getSegmentation: () => labelmap } } };
  Object.assign(globalThis, { window: { cornerstone, cornerstoneTools } });

  assert.deepEqual(
    imageIds.map((id) => sectionOfImage(job, id)),
    [1, undefined, 2],
  );
  assert.deepEqual(
    [...labelmapSections("mask", job)].map((one) => one.section),
    [1, 2],
  );
  assert.equal(await comparePixels(job, imageIds), "unknown");
});
