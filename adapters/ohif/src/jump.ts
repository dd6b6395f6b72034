/** "Go to": every viewport of the layout shows a place in the patient, by mm and never by the number of an image. */

import { cornerstone, type Host, type Viewport } from "./host";
import type { Job } from "./job";
import { nearest, type Place } from "./sections";
import { type Shown, sharesSpace, shownIn } from "./viewports";

type Point = readonly [number, number, number];

/** How long a view may take to load its images before it is passed over, and how often it is looked at. */
const PATIENCE_MS = 15_000;
const LOOK_MS = 250;

/**
 * Moves all viewports that share the job's frame of reference to a place (LPS, mm): a stack to its nearest image, a plane
 * through a volume to the place; a view that loads is waited for. Others, and bodies that show no plane, stay as they are.
 */
export async function goTo(host: Host, job: Job, place: Point): Promise<void> {
  const patient = performance.now() + PATIENCE_MS;
  const seen = new Set<string>();
  do {
    for (const shown of shownIn(host)) {
      if (!sharesSpace(job, shown) || shown.kind === "rendering" || !shown.isReady || seen.has(shown.viewportId))
        continue;
      seen.add(shown.viewportId);
      await show(shown, place);
    }
    if (shownIn(host).every(({ viewportId, isReady }) => isReady || seen.has(viewportId))) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  } while (performance.now() < patient);
}

async function show({ viewport, kind }: Shown, place: Point): Promise<void> {
  if (kind === "volume") {
    moveBy(viewport, along(viewport, place));
    if (!isInSight(viewport, place)) moveBy(viewport, across(viewport, place));
    return;
  }
  const imageIndex = nearest(viewport.getImageIds().map(placeOf), place);
  if (imageIndex !== undefined) await cornerstone().utilities.jumpToSlice(viewport.element, { imageIndex });
}

function placeOf(imageId: string): Place | undefined {
  const instance = cornerstone().metaData.get("instance", imageId);
  if (!instance?.ImagePositionPatient || !instance.ImageOrientationPatient) return undefined;
  return { position: instance.ImagePositionPatient, orientation: instance.ImageOrientationPatient };
}

/** The way from the plane that is shown to a place, at right angles to the plane. */
function along(viewport: Viewport, place: Point): number[] {
  const { focalPoint, viewPlaneNormal } = viewport.getCamera();
  const far = viewPlaneNormal.reduce((sum, n, i) => sum + n * ((place[i] ?? 0) - (focalPoint[i] ?? 0)), 0);
  return viewPlaneNormal.map((n) => n * far);
}

/** The way from the middle of the view to a place, within the plane. */
function across(viewport: Viewport, place: Point): number[] {
  const { focalPoint } = viewport.getCamera();
  const off = along(viewport, place);
  return focalPoint.map((x, i) => (place[i] ?? 0) - x - (off[i] ?? 0));
}

/** True where a place lies within the edges of the view, however far in front of the plane or behind it. */
function isInSight(viewport: Viewport, place: Point): boolean {
  const [x, y] = viewport.worldToCanvas([...place]);
  const { clientWidth, clientHeight } = viewport.element;
  return x >= 0 && y >= 0 && x <= clientWidth && y <= clientHeight;
}

function moveBy(viewport: Viewport, way: readonly number[]): void {
  const { focalPoint, position } = viewport.getCamera();
  const moved = (from: readonly number[]) => from.map((x, i) => x + (way[i] ?? 0));
  viewport.setCamera({ focalPoint: moved(focalPoint), position: moved(position) });
  viewport.render();
}
