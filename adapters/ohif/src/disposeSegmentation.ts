/** Removal of segmentations. OHIF fails if one disappears while it computes segment statistics, so that comes last. */

import { cornerstoneTools, type ExtensionParams } from "./ohifServices";

/** Longer than OHIF's delay before the statistics and their computation. */
const DISPOSE_DELAY_MS = 30_000;

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
  setTimeout(() => {
    if (segmentationService.getViewportIdsWithSegmentation(segmentationId).length > 0) return;
    if (cornerstoneTools().segmentation.state.getSegmentation(segmentationId))
      segmentationService.remove(segmentationId);
  }, DISPOSE_DELAY_MS);
}
