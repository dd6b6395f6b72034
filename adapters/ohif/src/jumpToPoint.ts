/** Moves all viewports of the layout to a point of the patient, by coordinates and never by image number. */

import { nearestImage } from "./geometry";
import { imagePlane } from "./images";
import type { Job } from "./job";
import { cornerstone, type ExtensionParams, type Viewport } from "./ohifServices";
import { onReaderInput } from "./readerInput";
import { isBuilding, listViewports, sharesFrameOfReference, type ViewportInfo } from "./viewports";

type Point = readonly [number, number, number];

/** How long viewports may take to be built, to load their images and to draw them, before they are left where they are. */
const LOAD_TIMEOUT_MS = 60_000;
const POLL_MS = 250;

/** The jump that is under way. */
let current: AbortController | undefined;

/**
 * Moves all viewports that share the job's frame of reference to a point (LPS, mm): a stack to its nearest image, an MPR plane through
 * the point; all others and 3D renderings stay as they are. Viewports that OHIF still builds or loads are waited for, and one that it
 * sets to a place of its own choice before it has drawn it is moved again. Ends early with the next jump, or when the reader touches
 * the viewer. `isSettled`: false while overlays are still to be mounted, which sets planes back to the middle of the volume. `holdMs`:
 * how long after the last move a viewport that is set back is moved again; OHIF may mount an overlay twice.
 */
export async function jumpToPoint(
  ohif: ExtensionParams,
  job: Job,
  point: Point,
  { isSettled = () => true, holdMs = 0 }: { isSettled?: () => boolean; holdMs?: number } = {},
): Promise<void> {
  current?.abort();
  const jump = new AbortController();
  current = jump;
  const unsubscribe = onReaderInput(() => jump.abort(), "outside the panel");
  const deadline = performance.now() + LOAD_TIMEOUT_MS;
  // By viewport and not by its id: OHIF replaces viewports under the same id.
  const moved = new Map<Viewport, string>();
  let lastMove = performance.now();
  try {
    while (!jump.signal.aborted && performance.now() < deadline) {
      let isWaiting = isBuilding(ohif, job) || !isSettled();
      for (const info of listViewports(ohif)) {
        const { viewport, kind, isReady, isDrawn } = info;
        if (jump.signal.aborted) return;
        if (!sharesFrameOfReference(job, info) || kind === "rendering") continue;
        const isMoved = moved.get(viewport) === place(viewport);
        if (isMoved && isDrawn) continue;
        isWaiting = true;
        if (isMoved || !isReady) continue;
        await moveViewport(info, point);
        moved.set(viewport, place(viewport));
        lastMove = performance.now();
      }
      if (!isWaiting && performance.now() - lastMove >= holdMs) return;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  } finally {
    unsubscribe();
  }
}

/** What tells whether a viewport was moved. */
function place(viewport: Viewport): string {
  return viewport
    .getCamera()
    .focalPoint.map((x) => x.toFixed(2))
    .join();
}

async function moveViewport({ viewport, kind }: ViewportInfo, point: Point): Promise<void> {
  if (kind === "volume") {
    moveCamera(viewport, throughPlane(viewport, point));
    if (!isInView(viewport, point)) moveCamera(viewport, inPlane(viewport, point));
    return;
  }
  const imageIndex = nearestImage(viewport.getImageIds().map(imagePlane), point);
  if (imageIndex !== undefined) await cornerstone().utilities.jumpToSlice(viewport.element, { imageIndex });
}

/** Vector from the displayed plane to a point, perpendicular to the plane. */
function throughPlane(viewport: Viewport, point: Point): number[] {
  const { focalPoint, viewPlaneNormal } = viewport.getCamera();
  const distance = viewPlaneNormal.reduce((sum, n, i) => sum + n * ((point[i] ?? 0) - (focalPoint[i] ?? 0)), 0);
  return viewPlaneNormal.map((n) => n * distance);
}

/** Vector from the centre of the viewport to a point, within the plane. */
function inPlane(viewport: Viewport, point: Point): number[] {
  const { focalPoint } = viewport.getCamera();
  const through = throughPlane(viewport, point);
  return focalPoint.map((x, i) => (point[i] ?? 0) - x - (through[i] ?? 0));
}

/** True if the projection of a point lies within the viewport. */
function isInView(viewport: Viewport, point: Point): boolean {
  const [x, y] = viewport.worldToCanvas([...point]);
  const { clientWidth, clientHeight } = viewport.element;
  return x >= 0 && y >= 0 && x <= clientWidth && y <= clientHeight;
}

function moveCamera(viewport: Viewport, vector: readonly number[]): void {
  const { focalPoint, position } = viewport.getCamera();
  const moved = (from: readonly number[]) => from.map((x, i) => x + (vector[i] ?? 0));
  viewport.setCamera({ focalPoint: moved(focalPoint), position: moved(position) });
  viewport.render();
}
