import assert from "node:assert/strict";
import { test } from "node:test";
import { HeatMap, quantize } from "../src/heatMap.js";
import type { Job } from "../src/job.js";
import type { ExtensionParams } from "../src/ohifServices.js";

test("a coarse map is spread over the section without shifting, and its cool part stays clear", () => {
  const map = { rows: 1, columns: 4, levels: new Uint8Array([0, 0, 255, 255]) };
  const found = [...quantize(map, 2, 8)];
  assert.deepEqual(found.slice(0, 8), found.slice(8));
  assert.deepEqual(found.slice(0, 3), [0, 0, 0]);
  assert.deepEqual(found.slice(5, 8), [7, 7, 7]);
  assert.ok((found[4] ?? 0) > (found[3] ?? 0));
  assert.ok(quantize({ rows: 1, columns: 1, levels: new Uint8Array([60]) }, 2, 2).every((v) => v === 0));
});

test("a heat map that is hidden while it is created is not shown", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const added: string[] = [];
  const removed: string[] = [];
  let finish = () => {};
  let isCreated = false;
  const created = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const viewport = { type: "stack", viewportStatus: "rendered", getImageIds: () => ["image"], getActors: () => [] };
  const displaySet = { StudyInstanceUID: "study", SeriesInstanceUID: "series" };
  const services = {
    viewportGridService: { getState: () => ({ viewports: new Map([["one", { displaySetInstanceUIDs: ["set"] }]]) }) },
    displaySetService: { getDisplaySetByUID: () => displaySet },
    cornerstoneViewportService: { getCornerstoneViewport: () => viewport },
    segmentationService: {
      createLabelmapForDisplaySet: () => created,
      addSegmentationRepresentation: async (viewportId: string) => void added.push(viewportId),
      getViewportIdsWithSegmentation: () => [],
      remove: (id: string) => void removed.push(id),
    },
  };
  const segmentation = {
    state: {
      getSegmentation: () =>
        isCreated ? { segments: {}, representationData: { Labelmap: { imageIds: [] } } } : undefined,
      getSegmentationRepresentations: () => [],
    },
    triggerSegmentationEvents: { triggerSegmentationDataModified: () => {} },
    config: { style: { setStyle: () => {} } },
  };
  const cornerstone = { metaData: { get: () => ({ SeriesInstanceUID: "series" }) } };
  Object.assign(globalThis, {
    window: { cornerstone, cornerstoneTools: { segmentation } },
    requestAnimationFrame: () => 0,
  });
  const heatMap = new HeatMap({ servicesManager: { services } } as unknown as ExtensionParams);
  const series = { uid: "series", study_uid: "study" };
  const grid = { shape: [1, 1, 1] };
  const job = { id: "job", series, grid, heat: new Map([["tumour", new Map()]]) } as unknown as Job;

  const showing = heatMap.show(job, "tumour", 1);
  heatMap.hide();
  isCreated = true;
  finish();
  await showing;
  assert.deepEqual(added, []);
  assert.equal(heatMap.status(job), "none");
  await heatMap.show(job, "tumour", 1);
  assert.deepEqual(added, ["one"]);
  // OHIF remembers what was shown in a layout: it is not taken from its list when it is hidden.
  removed.length = 0;
  heatMap.hide();
  t.mock.timers.tick(60_000);
  assert.deepEqual(removed, []);
});
