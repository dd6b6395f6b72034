/** The viewports of the host's grid, of every layout: what each shows, and how it draws. */

import { cornerstone, type DisplaySet, type Host, type Viewport } from "./host";
import type { Job } from "./job";

/** `stack`: image by image; `volume`: any plane through a volume; `rendering`: the volume as a body, in which no plane is seen. */
export type Kind = "stack" | "volume" | "rendering";

export interface Shown {
  viewportId: string;
  viewport: Viewport;
  /** The images in it; what is laid over them does not count. */
  displaySet: DisplaySet;
  kind: Kind;
  /** True once it can draw them: before that its camera is nobody's. */
  isReady: boolean;
}

/** As Cornerstone names what has no image yet. */
const UNREADY = ["noData", "loading"];

/** All viewports that have their images, in the order of the grid. */
export function shownIn(host: Host): Shown[] {
  const { viewportGridService, displaySetService, cornerstoneViewportService } = host.servicesManager.services;
  const found: Shown[] = [];
  for (const [viewportId, { displaySetInstanceUIDs = [] }] of viewportGridService.getState().viewports) {
    const sets = displaySetInstanceUIDs.map((uid) => displaySetService.getDisplaySetByUID(uid));
    const displaySet = sets.find((one) => one && !one.isOverlayDisplaySet);
    const viewport = cornerstoneViewportService.getCornerstoneViewport(viewportId);
    const kind = viewport && kindOf(viewport);
    if (!displaySet || !viewport || !kind || !hasImages(viewport, displaySet)) continue;
    found.push({ viewportId, viewport, displaySet, kind, isReady: !UNREADY.includes(viewport.viewportStatus ?? "") });
  }
  return found;
}

/** How a viewport draws; `undefined` for what shows no images of this kind (video, whole slides). */
function kindOf({ type }: Viewport): Kind | undefined {
  if (type === "stack") return "stack";
  if (type === "orthographic") return "volume";
  return type === "volume3d" ? "rendering" : undefined;
}

/** True once the images in it are those that the grid means: for a while it has none, or still those before. */
function hasImages(viewport: Viewport, displaySet: DisplaySet): boolean {
  try {
    const [first] = viewport.getImageIds();
    const series = first && cornerstone().metaData.get("instance", first)?.SeriesInstanceUID;
    return series === displaySet.SeriesInstanceUID;
  } catch {
    // A volume viewport without its volume, for a moment after the layout changed.
    return false;
  }
}

/** True where the images are those of the job: the same study and the same series. */
export function isOf(job: Job, { displaySet }: { displaySet: DisplaySet }): boolean {
  const { series } = job;
  return series?.uid === displaySet.SeriesInstanceUID && series.study_uid === displaySet.StudyInstanceUID;
}

/** True where a place in the patient that the job tells means the same place in these images. */
export function sharesSpace(job: Job, shown: Shown): boolean {
  if (isOf(job, shown)) return true;
  const frame = job.series?.frame_of_reference_uid;
  const sameStudy = job.series?.study_uid === shown.displaySet.StudyInstanceUID;
  return frame !== undefined && sameStudy && shown.viewport.getFrameOfReferenceUID?.() === frame;
}
