/** Moves all viewports of the layout to a point of the patient, by coordinates and never by image number. */

import { type ImagePlane, nearestImage } from "./geometry";
import type { Job } from "./job";
import { cornerstone, type ExtensionParams, type Viewport } from "./ohifServices";
import { listViewports, sharesFrameOfReference, type ViewportInfo } from "./viewports";

type Point = readonly [number, number, number];

/** How long a viewport may take to load its images before it is skipped. */
const LOAD_TIMEOUT_MS = 15_000;
const POLL_MS = 250;

/**
 * Moves all viewports that share the job's frame of reference to a point (LPS, mm): a stack to its nearest image, an MPR plane through
 * the point. Viewports that are loading are waited for; all others and 3D renderings stay as they are.
 */
export async function jumpToPoint(ohif: ExtensionParams, job: Job, point: Point): Promise<void> {
  const deadline = performance.now() + LOAD_TIMEOUT_MS;
  const done = new Set<string>();
  do {
    for (const viewport of listViewports(ohif)) {
      const { viewportId, kind, isReady } = viewport;
      if (!sharesFrameOfReference(job, viewport) || kind === "rendering" || !isReady || done.has(viewportId)) continue;
      done.add(viewportId);
      await moveViewport(viewport, point);
    }
    if (listViewports(ohif).every(({ viewportId, isReady }) => isReady || done.has(viewportId))) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  } while (performance.now() < deadline);
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

function imagePlane(imageId: string): ImagePlane | undefined {
  const instance = cornerstone().metaData.get("instance", imageId);
  if (!instance?.ImagePositionPatient || !instance.ImageOrientationPatient) return undefined;
  return { position: instance.ImagePositionPatient, orientation: instance.ImageOrientationPatient };
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
