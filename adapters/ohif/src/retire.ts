/** Taking a segmentation away without tripping the host, which may still be counting its voxels. */

import { type Host, tools } from "./host";

/** Longer than the host waits before it counts, and takes to count. */
const LATER_MS = 30_000;

/** Takes a segmentation off all viewports. */
export function takeOff(host: Host, segmentationId: string): void {
  for (const viewportId of host.servicesManager.services.segmentationService.getViewportIdsWithSegmentation(
    segmentationId,
  ))
    tools().segmentation.removeSegmentationRepresentations(viewportId, { segmentationId });
}

/** Takes a segmentation off all viewports at once, and out of the host later, unless it is shown again. */
export function retire(host: Host, segmentationId: string): void {
  const { segmentationService } = host.servicesManager.services;
  takeOff(host, segmentationId);
  setTimeout(() => {
    if (segmentationService.getViewportIdsWithSegmentation(segmentationId).length > 0) return;
    if (tools().segmentation.state.getSegmentation(segmentationId)) segmentationService.remove(segmentationId);
  }, LATER_MS);
}
