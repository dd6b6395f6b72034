import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExtensionParams } from "../src/ohifServices.js";
import { Overlay } from "../src/overlay.js";
import type { ViewportInfo } from "../src/viewports.js";

/** What an overlay asks of OHIF: representations by viewport, and adding that takes a while. */
class FakeOhif {
  readonly drawing = new Set<string>();
  readonly adding: string[] = [];
  /** Viewports that were asked to draw anew. */
  readonly repeated: string[] = [];
  visible = true;
  onAdd = (): void => {};

  params(): ExtensionParams {
    const segmentationService = {
      addSegmentationRepresentation: async (viewportId: string) => {
        this.adding.push(viewportId);
        this.onAdd();
        await Promise.resolve();
        this.drawing.add(viewportId);
      },
    };
    return { servicesManager: { services: { segmentationService } } } as unknown as ExtensionParams;
  }

  tools() {
    return {
      segmentation: {
        state: {
          getSegmentation: () => ({ segments: {} }),
          getSegmentationRepresentations: (viewportId: string) =>
            this.drawing.has(viewportId) ? [{ type: "Labelmap", segments: { 1: { visible: this.visible } } }] : [],
        },
        config: { style: { setStyle: () => {} }, color: { getSegmentIndexColor: () => [255, 64, 64, 255] } },
        triggerSegmentationEvents: {
          triggerSegmentationRepresentationModified: (viewportId: string) => this.repeated.push(viewportId),
        },
        removeSegmentationRepresentations: (viewportId: string) => this.drawing.delete(viewportId),
      },
    };
  }
}

const viewport = (viewportId: string) =>
  ({ viewportId, kind: "stack", viewport: { getActors: () => [], render: () => {} } }) as unknown as ViewportInfo;
const style = { colours: new Map(), outline: false, fill: 1 };

function start(): FakeOhif {
  const ohif = new FakeOhif();
  Object.assign(globalThis, { window: { cornerstoneTools: ohif.tools() }, requestAnimationFrame: () => 0 });
  return ohif;
}

test("an overlay is added to every viewport", async () => {
  const ohif = start();
  await new Overlay(ohif.params(), "heat").apply(["a", "b"].map(viewport), style);
  assert.deepEqual([...ohif.drawing], ["a", "b"]);
});

test("an overlay that is withdrawn while it is added stays nowhere", async () => {
  const ohif = start();
  const overlay = new Overlay(ohif.params(), "heat");
  ohif.onAdd = () => overlay.withdraw();
  await overlay.apply(["a", "b", "c"].map(viewport), style);
  assert.deepEqual(ohif.adding, ["a"]);
  assert.deepEqual([...ohif.drawing], []);
});

test("a viewport that still draws what was hidden is asked to draw anew, until it does", async () => {
  const ohif = start();
  const overlay = new Overlay(ohif.params(), "mask");
  const drawn = new Map([
    ["a", 0],
    ["b", 0],
  ]);
  const infos = ["a", "b"].map((viewportId) => {
    const getScalarOpacity = () => ({ getValue: () => drawn.get(viewportId) });
    const actor = { representationUID: "mask-Labelmap", actor: { getProperty: () => ({ getScalarOpacity }) } };
    return {
      ...viewport(viewportId),
      viewport: { getActors: () => [actor], render: () => {} },
    } as unknown as ViewportInfo;
  });
  await overlay.apply(infos, { colours: new Map([[1, [255, 64, 64, 255]]]), outline: true, fill: 0.5 });
  for (const id of ["a", "b"]) drawn.set(id, 0.5);
  overlay.repeat(infos);
  assert.deepEqual(ohif.repeated, []);

  ohif.visible = false;
  drawn.set("a", 0);
  overlay.repeat(infos);
  overlay.repeat(infos);
  assert.deepEqual(ohif.repeated, ["b", "b"]);
  drawn.set("b", 0);
  overlay.repeat(infos);
  assert.deepEqual(ohif.repeated, ["b", "b"]);
});
