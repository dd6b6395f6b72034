import assert from "node:assert/strict";
import { test } from "node:test";
import { sectionOfImage } from "../src/images.js";
import type { Job } from "../src/job.js";

test("an image that does not say where it lies shows no section", () => {
  const known: Record<string, object> = {
    section: { ImagePositionPatient: [3, 0, 0], ImageOrientationPatient: [0, 1, 0, 0, 0, -1] },
    capture: {},
  };
  const cornerstone = { metaData: { get: (_: string, id: string) => known[id] } };
  Object.assign(globalThis, { window: { cornerstone } });
  const job = {
    grid: { matrix: [0, 0, 3, 0, 1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 0, 1], shape: [2, 9, 9] },
  } as unknown as Job;
  assert.equal(sectionOfImage(job, "section"), 2);
  assert.equal(sectionOfImage(job, "capture"), undefined);
  assert.equal(sectionOfImage(job, "unknown"), undefined);
});
