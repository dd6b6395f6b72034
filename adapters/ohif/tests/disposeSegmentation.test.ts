import assert from "node:assert/strict";
import { test } from "node:test";
import { disposeSegmentation, ignoreDisposed } from "../src/disposeSegmentation.js";
import type { ExtensionParams } from "../src/ohifServices.js";

test("a segmentation that is hidden again is kept as long as after the first time", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const removed: string[] = [];
  const segmentationService = {
    getViewportIdsWithSegmentation: () => [],
    remove: (id: string) => removed.push(id),
  };
  const ohif = { servicesManager: { services: { segmentationService } } } as unknown as ExtensionParams;
  const cornerstoneTools = { segmentation: { state: { getSegmentation: () => ({}) } } };
  Object.assign(globalThis, { window: { cornerstoneTools } });

  disposeSegmentation(ohif, "heat");
  t.mock.timers.tick(29_000);
  disposeSegmentation(ohif, "heat");
  t.mock.timers.tick(29_000);
  assert.deepEqual(removed, []);
  t.mock.timers.tick(1000);
  assert.deepEqual(removed, ["heat"]);
});

test("OHIF does not add a segmentation of ours again once it is disposed of", async () => {
  const added: string[] = [];
  const segmentationService = {
    addSegmentationRepresentation: async (viewportId: string, { segmentationId }: { segmentationId: string }) => {
      added.push(`${viewportId} ${segmentationId}`);
    },
  };
  const ohif = { servicesManager: { services: { segmentationService } } } as unknown as ExtensionParams;
  const present = ["cordline-2"];
  const getSegmentation = (id: string) => (present.includes(id) ? {} : undefined);
  Object.assign(globalThis, { window: { cornerstoneTools: { segmentation: { state: { getSegmentation } } } } });

  // Twice: OHIF enters its mode with every study.
  ignoreDisposed(ohif);
  ignoreDisposed(ohif);
  for (const segmentationId of ["cordline-1", "cordline-2", "1"])
    await segmentationService.addSegmentationRepresentation("a", { segmentationId });
  assert.deepEqual(added, ["a cordline-2", "a 1"]);
});
