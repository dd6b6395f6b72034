/** Removal of segmentations. OHIF fails if one disappears while it computes segment statistics, so that comes last. */

import { SEGMENTATION_PREFIX } from "./id";
import { cornerstoneTools, type ExtensionParams } from "./ohifServices";

/** Longer than OHIF's delay before the statistics and their computation. */
const DISPOSE_DELAY_MS = 30_000;

/** By segmentation id. */
const timers = new Map<string, ReturnType<typeof setTimeout>>();

/** Removes a segmentation from all viewports, and keeps it. */
export function removeFromViewports(ohif: ExtensionParams, segmentationId: string): void {
  for (const viewportId of ohif.servicesManager.services.segmentationService.getViewportIdsWithSegmentation(
    segmentationId,
  ))
    cornerstoneTools().segmentation.removeSegmentationRepresentations(viewportId, { segmentationId });
}

/** Removes a segmentation from all viewports now, and from OHIF after a delay unless it is shown again. */
export function disposeSegmentation(ohif: ExtensionParams, segmentationId: string): void {
  const { segmentationService } = ohif.servicesManager.services;
  removeFromViewports(ohif, segmentationId);
  // From the last time that it was shown: it may have been shown again meanwhile.
  clearTimeout(timers.get(segmentationId));
  const dispose = () => {
    timers.delete(segmentationId);
    if (segmentationService.getViewportIdsWithSegmentation(segmentationId).length > 0) return;
    if (cornerstoneTools().segmentation.state.getSegmentation(segmentationId))
      segmentationService.remove(segmentationId);
  };
  timers.set(segmentationId, setTimeout(dispose, DISPOSE_DELAY_MS));
}

/** Services that were given the check of `ignoreDisposed`. */
const checked = new WeakSet<object>();

/**
 * Has OHIF add no segmentation of ours that was disposed of. It keeps what each viewport showed and adds it again when the layout or the
 * images change; 3.12 then fails over one that is gone since, with a box in front of the images (3.13 ignores it).
 */
export function ignoreDisposed({ servicesManager }: ExtensionParams): void {
  const { segmentationService } = servicesManager.services;
  if (checked.has(segmentationService)) return;
  checked.add(segmentationService);
  const add = segmentationService.addSegmentationRepresentation.bind(segmentationService);
  segmentationService.addSegmentationRepresentation = async (viewportId, options) => {
    const { segmentationId } = options;
    const isOurs = segmentationId.startsWith(SEGMENTATION_PREFIX);
    if (isOurs && !cornerstoneTools().segmentation.state.getSegmentation(segmentationId)) return;
    await add(viewportId, options);
  };
}
