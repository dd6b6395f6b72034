import assert from "node:assert/strict";
import { test } from "node:test";
import { disposeSegmentation } from "../src/disposeSegmentation.js";
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
