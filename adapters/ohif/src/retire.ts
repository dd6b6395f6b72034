/** Taking a segmentation away without tripping the host, which may still be counting its voxels. */

import { type Host, tools } from "./host";

/** Longer than the host waits before it counts, and takes to count. */
const LATER_MS = 15_000;

/** Takes a segmentation off all viewports at once, and out of the host later, unless it is shown again. */
export function retire(host: Host, segmentationId: string): void {
  const { segmentationService } = host.servicesManager.services;
  const shown = () => segmentationService.getViewportIdsWithSegmentation(segmentationId);
  for (const viewportId of shown()) {
    tools().segmentation.removeSegmentationRepresentations(viewportId, { segmentationId });
  }
  setTimeout(() => {
    if (shown().length === 0) segmentationService.remove(segmentationId);
  }, LATER_MS);
}
