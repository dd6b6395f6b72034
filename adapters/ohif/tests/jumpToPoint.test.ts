import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { Job } from "../src/job.js";
import { jumpToPoint } from "../src/jumpToPoint.js";
import type { DisplaySet, ExtensionParams, Viewport } from "../src/ohifServices.js";

const job = { series: { uid: "series", study_uid: "study" } } as Job;
const displaySet = {
  displaySetInstanceUID: "set",
  StudyInstanceUID: "study",
  SeriesInstanceUID: "series",
} as DisplaySet;

/** A coronal plane through y = 0, as far as a jump asks of it. */
class FakeViewport {
  type = "orthographic";
  viewportStatus = "rendered";
  element = { clientWidth: 100, clientHeight: 100 };
  focalPoint = [0, 0, 0];
  moves = 0;

  getImageIds = () => ["image"];
  worldToCanvas = () => [50, 50];
  getCamera = () => ({ focalPoint: this.focalPoint, position: [0, -1, 0], viewPlaneNormal: [0, -1, 0] });
  setCamera = ({ focalPoint = [0, 0, 0] }) => {
    this.focalPoint = focalPoint;
    this.moves += 1;
  };
  render = () => {};

  get y() {
    return Math.round(this.focalPoint[1] ?? 0);
  }
}

const inputs = new Map<string, (event: object) => void>();
const built = new Map<string, FakeViewport>();
let grid: string[] = [];
beforeEach(() => {
  inputs.clear();
  built.clear();
  const document = {
    body: {},
    addEventListener: (kind: string, listener: () => void) => inputs.set(kind, listener),
    removeEventListener: (kind: string) => inputs.delete(kind),
  };
  const cornerstone = { metaData: { get: () => ({ SeriesInstanceUID: "series" }) } };
  Object.assign(globalThis, { document, window: { cornerstone }, Element: class {} });
});

function jump(to: number, options = {}): Promise<void> {
  const viewportGridService = {
    getState: () => ({ viewports: new Map(grid.map((id) => [id, { displaySetInstanceUIDs: ["set"] }])) }),
  };
  const displaySetService = { getDisplaySetByUID: () => displaySet };
  const cornerstoneViewportService = { getCornerstoneViewport: (id: string) => built.get(id) as unknown as Viewport };
  const services = { viewportGridService, displaySetService, cornerstoneViewportService };
  return jumpToPoint({ servicesManager: { services } } as unknown as ExtensionParams, job, [0, to, 0], options);
}

test("a jump reaches viewports that are built, loaded or replaced after it", async () => {
  grid = ["there", "loading", "later"];
  const [there, loading, later] = [new FakeViewport(), new FakeViewport(), new FakeViewport()];
  built.set("there", there).set("loading", loading);
  loading.viewportStatus = "noData";
  const done = jump(10);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual([there.y, loading.y], [10, 0]);
  loading.viewportStatus = "rendered";
  await new Promise((resolve) => setTimeout(resolve, 300));
  built.set("later", later);
  await done;
  assert.deepEqual(
    [there, loading, later].map(({ y, moves }) => [y, moves]),
    [
      [10, 1],
      [10, 1],
      [10, 1],
    ],
  );
  assert.equal(inputs.size, 0);
});

test("a viewport that OHIF sets back before it has drawn it is moved again", async () => {
  grid = ["one"];
  const one = new FakeViewport();
  built.set("one", one);
  one.viewportStatus = "preRender";
  const done = jump(10);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(one.y, 10);
  one.focalPoint = [0, 0, 0];
  setTimeout(() => {
    one.viewportStatus = "rendered";
  }, 300);
  await done;
  assert.equal(one.y, 10);
});

test("of two jumps the last one holds, and the reader's input ends both", async () => {
  grid = ["there", "later"];
  const [there, later] = [new FakeViewport(), new FakeViewport()];
  built.set("there", there);
  const first = jump(10);
  const second = jump(20);
  await first;
  built.set("later", later);
  await second;
  assert.deepEqual([there.y, later.y], [20, 20]);

  built.delete("later");
  const third = jump(30);
  inputs.get("keydown")?.({ type: "keydown", target: document.body });
  built.set("later", later);
  await third;
  assert.deepEqual([there.y, later.y], [30, 20]);
});

test("a plane that is set back when an overlay is mounted is moved again", async () => {
  grid = ["one"];
  const one = new FakeViewport();
  built.set("one", one);
  let isMounted = false;
  const done = jump(10, { isSettled: () => isMounted });
  await new Promise((resolve) => setTimeout(resolve, 600));
  one.focalPoint = [0, 0, 0];
  isMounted = true;
  await done;
  assert.equal(one.y, 10);
});

test("a plane that is set back after it was drawn is moved again while the jump holds", async () => {
  grid = ["one"];
  const one = new FakeViewport();
  built.set("one", one);
  const done = jump(10, { holdMs: 900 });
  await new Promise((resolve) => setTimeout(resolve, 600));
  one.focalPoint = [0, 0, 0];
  await done;
  assert.equal(one.y, 10);
});
