/** Removal of segmentations. OHIF fails if one disappears while it computes segment statistics, so that comes last. */

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
