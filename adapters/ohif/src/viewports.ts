/** The viewports of OHIF's grid, in any layout: what each shows, and how it draws. */

import type { Job } from "./job";
import { cornerstone, type DisplaySet, type ExtensionParams, type Viewport } from "./ohifServices";

/** `stack`: 2D images; `volume`: MPR planes; `rendering`: 3D volume rendering, which shows no plane. */
export type ViewportKind = "stack" | "volume" | "rendering";

export interface ViewportInfo {
  viewportId: string;
  viewport: Viewport;
  /** Of the images; overlays do not count. */
  displaySet: DisplaySet;
  kind: ViewportKind;
  /** False while it loads: its camera is not set up yet. */
  isReady: boolean;
  /** True once what it shows now is on the screen. */
  isDrawn: boolean;
}

/** Values of `viewportStatus` before the first image. */
const LOADING = ["noData", "loading"];

/** All viewports that show the images that the grid assigns to them, in the order of the grid. */
export function listViewports(ohif: ExtensionParams): ViewportInfo[] {
  return assigned(ohif).flatMap(({ viewportId, viewport, displaySet }) => {
    const kind = viewport && kindOf(viewport);
    if (!viewport || !kind || !hasImages(viewport, displaySet)) return [];
    const { viewportStatus = "" } = viewport;
    const isReady = !LOADING.includes(viewportStatus);
    return [{ viewportId, viewport, displaySet, kind, isReady, isDrawn: viewportStatus === "rendered" }];
  });
}

/** True while the grid assigns images of the job's study to a viewport that OHIF has yet to build, or to give them. */
export function isBuilding(ohif: ExtensionParams, job: Job): boolean {
  return assigned(ohif).some(({ viewport, displaySet }) => {
    if (displaySet.StudyInstanceUID !== job.series?.study_uid) return false;
    return !viewport || (kindOf(viewport) !== undefined && !hasImages(viewport, displaySet));
  });
}

/** What the grid assigns to each of its viewports; `viewport` is undefined until OHIF has built it. */
function assigned(ohif: ExtensionParams) {
  const { viewportGridService, displaySetService, cornerstoneViewportService } = ohif.servicesManager.services;
  return [...viewportGridService.getState().viewports].flatMap(([viewportId, { displaySetInstanceUIDs = [] }]) => {
    const displaySets = displaySetInstanceUIDs.map((uid) => displaySetService.getDisplaySetByUID(uid));
    const displaySet = displaySets.find((one) => one && !one.isOverlayDisplaySet);
    if (!displaySet) return [];
    return [{ viewportId, viewport: cornerstoneViewportService.getCornerstoneViewport(viewportId), displaySet }];
  });
}

/** `undefined` for viewports of other media (video, whole slides). */
function kindOf({ type }: Viewport): ViewportKind | undefined {
  if (type === "stack") return "stack";
  if (type === "orthographic") return "volume";
  return type === "volume3d" ? "rendering" : undefined;
}

/** False while the viewport still has no images, or those of the display set before. */
function hasImages(viewport: Viewport, displaySet: DisplaySet): boolean {
  try {
    const [first] = viewport.getImageIds();
    const series = first && cornerstone().metaData.get("instance", first)?.SeriesInstanceUID;
    return series === displaySet.SeriesInstanceUID;
  } catch {
    // Volume viewports throw until they have a volume, for a moment after a change of the layout.
    return false;
  }
}

/** True if the images are of the study and series that the job analysed. */
export function showsJob(job: Job, { displaySet }: { displaySet: DisplaySet }): boolean {
  const { series } = job;
  return series?.uid === displaySet.SeriesInstanceUID && series.study_uid === displaySet.StudyInstanceUID;
}

/** True if patient coordinates of the job are valid in a viewport. */
export function sharesFrameOfReference(job: Job, info: ViewportInfo): boolean {
  if (showsJob(job, info)) return true;
  const frame = job.series?.frame_of_reference_uid;
  const isSameStudy = job.series?.study_uid === info.displaySet.StudyInstanceUID;
  return frame !== undefined && isSameStudy && info.viewport.getFrameOfReferenceUID?.() === frame;
}
