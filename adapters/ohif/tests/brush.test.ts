import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Brush } from "../src/brush.js";
import type { ExtensionParams } from "../src/ohifServices.js";

/** A tool group as far as a brush asks of it. */
class FakeGroup {
  readonly tools = new Set<string>();
  constructor(
    readonly id: string,
    public tool: string,
  ) {}
  hasTool = (name: string) => this.tools.has(name);
  addToolInstance = (name: string) => this.tools.add(name);
  setToolPassive = () => {};
  getActivePrimaryMouseButtonTool = () => this.tool;
}

/** Tool group of each viewport. */
let groups: Record<string, FakeGroup> = {};
let activeViewportId = "";
/** Viewports that show the segmentation. */
let showing: string[] = [];
const painted: string[] = [];
const sizes: [string, number][] = [];

const services = {
  viewportGridService: {
    getState: () => ({
      activeViewportId,
      viewports: new Map([[activeViewportId, { displaySetInstanceUIDs: ["set"] }]]),
    }),
  },
  displaySetService: { getDisplaySetByUID: () => ({}) },
  cornerstoneViewportService: {
    getCornerstoneViewport: (id: string) => ({ type: id === "body" ? "volume3d" : "stack" }),
  },
  toolGroupService: {
    getToolGroup: (id: string) => Object.values(groups).find((one) => one.id === id),
    getToolGroupForViewport: (id: string) => groups[id],
  },
  segmentationService: {
    getSegmentationRepresentations: (id: string) => (showing.includes(id) ? [{}] : []),
    setActiveSegmentation: (id: string) => painted.push(id),
    setActiveSegment: () => {},
  },
};
const commandsManager = {
  runCommand: (_: string, { toolName, toolGroupId }: { toolName: string; toolGroupId: string }) => {
    for (const one of Object.values(groups)) if (one.id === toolGroupId) one.tool = toolName;
  },
};
const ohif = { servicesManager: { services }, commandsManager } as unknown as ExtensionParams;

beforeEach(() => {
  groups = {
    stack: new FakeGroup("default", "WindowLevel"),
    plane: new FakeGroup("mpr", "Crosshairs"),
    body: new FakeGroup("volume3d", "TrackballRotate"),
  };
  activeViewportId = "stack";
  showing = ["stack", "plane"];
  painted.length = 0;
  sizes.length = 0;
  const setBrushSizeForToolGroup = (id: string, radius: number) => sizes.push([id, radius]);
  Object.assign(globalThis, {
    window: { cornerstoneTools: { utilities: { segmentation: { setBrushSizeForToolGroup } } } },
  });
});

const tools = () => Object.values(groups).map(({ tool }) => tool);

test("the brush goes with the reader into another layout, and is taken from every one", () => {
  const brush = new Brush(ohif);
  brush.choose("eraser", 8);
  brush.activate("mask", 1);
  activeViewportId = "plane";
  brush.activate("mask", 1);
  assert.deepEqual(tools(), ["CircularEraser", "CircularEraser", "TrackballRotate"]);
  assert.deepEqual(sizes, [
    ["default", 4],
    ["mpr", 4],
  ]);
  assert.deepEqual(painted, ["stack", "plane"]);
  activeViewportId = "body";
  brush.activate("mask", 1);
  brush.deactivate();
  assert.deepEqual(tools(), ["WindowLevel", "Crosshairs", "TrackballRotate"]);
});

test("a brush that is chosen while another layout is shown is there on the way back", () => {
  const brush = new Brush(ohif);
  brush.activate("mask", 1);
  activeViewportId = "plane";
  brush.activate("mask", 1);
  brush.choose("eraser", 5);
  brush.activate("mask", 1);
  activeViewportId = "stack";
  brush.activate("mask", 1);
  assert.deepEqual(tools().slice(0, 2), ["CircularEraser", "CircularEraser"]);
  brush.deactivate();
  assert.deepEqual(tools().slice(0, 2), ["WindowLevel", "Crosshairs"]);
});

test("a tool that the reader took since stays theirs", () => {
  const brush = new Brush(ohif);
  brush.activate("mask", 1);
  if (groups.stack) groups.stack.tool = "Length";
  brush.activate("mask", 1);
  brush.deactivate();
  assert.equal(groups.stack?.tool, "Length");
});

test("a tool group that was made anew is given the brush, and the one before is left alone", () => {
  const brush = new Brush(ohif);
  brush.activate("mask", 1);
  groups.stack = new FakeGroup("default", "Pan");
  brush.activate("mask", 1);
  assert.equal(groups.stack.tool, "CircularBrush");
  brush.deactivate();
  assert.equal(groups.stack.tool, "Pan");
});

test("a viewport paints on the mask once it shows it", () => {
  const brush = new Brush(ohif);
  showing = [];
  brush.activate("mask", 1);
  assert.deepEqual(painted, []);
  showing = ["stack"];
  brush.activate("mask", 1);
  brush.activate("mask", 1);
  assert.deepEqual(painted, ["stack"]);
});
