/**
 * A copy of a mask that is being corrected. Its labelmap is OHIF's, which removes it when the reader goes back to the study list, and
 * Cornerstone may evict its images: the strokes exist nowhere else.
 */

import { labelmapSections } from "./images";
import type { Job } from "./job";
import { cornerstoneTools, type LabelmapImage } from "./ohifServices";

interface SectionCopy {
  /** The image that the voxels were read from. */
  image: LabelmapImage;
  voxels: Uint8Array;
}

export class Strokes {
  private readonly sections = new Map<number, SectionCopy>();
  /** Segments that the brush may not change. */
  private locked: readonly number[] = [];

  /**
   * Copies the labelmap, and writes the copy of a section into an image that took the place of the one that was read. To be called
   * with each poll. Returns the segments to lock again if anything was written.
   */
  keep(segmentationId: string, job: Job): readonly number[] | undefined {
    let isRestored = false;
    for (const { section, image, voxels } of labelmapSections(segmentationId, job)) {
      const copy = this.sections.get(section);
      if (!copy) this.sections.set(section, { image, voxels: voxels.slice() });
      else if (copy.image === image) copy.voxels.set(voxels);
      else {
        voxels.set(copy.voxels);
        image.voxelManager.setScalarData?.(voxels);
        copy.image = image;
        isRestored = true;
      }
    }
    if (isRestored) {
      cornerstoneTools().segmentation.triggerSegmentationEvents.triggerSegmentationDataModified(segmentationId);
      return this.locked;
    }
    const { segments } = cornerstoneTools().segmentation.state.getSegmentation(segmentationId) ?? {};
    if (segments)
      this.locked = Object.keys(segments)
        .map(Number)
        .filter((number) => segments[number]?.locked);
    return undefined;
  }
}
