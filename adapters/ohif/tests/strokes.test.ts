import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { type Job, newJob } from "../src/job.js";
import { Strokes } from "../src/strokes.js";

// Two sections of two voxels, 3 mm apart.
const MATRIX = [0, 0, 3, 0, 1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 0, 1];
const job: Job = { ...newJob("a"), grid: { shape: [2, 1, 2], matrix: MATRIX, pixel_sha256: "", provider: "CPU" } };

/** A labelmap of OHIF, made anew or not. */
class FakeLabelmap {
  readonly images = [0, 1].map((k) => {
    const voxels = new Uint8Array(2);
    return { referencedImageId: `source-${k}`, voxelManager: { getScalarData: () => voxels } };
  });
  constructor(public segments: Record<number, { locked: boolean }>) {}
  get voxels() {
    return this.images.map((image) => [...image.voxelManager.getScalarData()]);
  }
  paint(section: number, ...voxels: number[]) {
    this.images[section - 1]?.voxelManager.getScalarData().set(voxels);
  }
}

let labelmap: FakeLabelmap | undefined;
beforeEach(() => {
  const position = (id: string) => [3 * Number(id.split("-")[1]), 0, 0];
  const cornerstone = {
    metaData: {
      get: (_: string, id: string) => ({
        ImagePositionPatient: position(id),
        ImageOrientationPatient: [0, 1, 0, 0, 0, -1],
      }),
    },
    cache: { getImage: (id: string) => labelmap?.images[Number(id)] },
  };
  const getSegmentation = () =>
    labelmap && { segments: labelmap.segments, representationData: { Labelmap: { imageIds: ["0", "1"] } } };
  const triggerSegmentationEvents = { triggerSegmentationDataModified: () => {} };
  const cornerstoneTools = { segmentation: { state: { getSegmentation }, triggerSegmentationEvents } };
  Object.assign(globalThis, { window: { cornerstone, cornerstoneTools } });
});

test("strokes come back into a labelmap that was made anew, with what the reader locked", () => {
  const strokes = new Strokes();
  labelmap = new FakeLabelmap({ 1: { locked: false }, 2: { locked: true } });
  labelmap.paint(1, 1, 0);
  assert.equal(strokes.keep("mask", job), undefined);
  labelmap.paint(1, 1, 2);
  labelmap.paint(2, 0, 1);
  assert.equal(strokes.keep("mask", job), undefined);

  // The reader goes to the study list, and back.
  labelmap = undefined;
  assert.equal(strokes.keep("mask", job), undefined);
  labelmap = new FakeLabelmap({ 1: { locked: true }, 2: { locked: true } });
  assert.deepEqual(strokes.keep("mask", job), [2]);
  const expected = [
    [1, 2],
    [0, 1],
  ];
  assert.deepEqual(labelmap.voxels, expected);
  assert.equal(strokes.keep("mask", job), undefined);
  assert.deepEqual(labelmap.voxels, expected);
});

test("what the reader erases stays erased", () => {
  const strokes = new Strokes();
  labelmap = new FakeLabelmap({ 1: { locked: false } });
  labelmap.paint(1, 1, 1);
  strokes.keep("mask", job);
  labelmap.paint(1, 0, 0);
  assert.equal(strokes.keep("mask", job), undefined);
  assert.deepEqual(labelmap.voxels[0], [0, 0]);
});
