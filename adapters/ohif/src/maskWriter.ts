/** Writes the masks of a job into a labelmap of OHIF, and detects whether they are still there. */

import { unpackBits } from "@cordline/sdk";
import { labelmapSections } from "./images";
import type { Job, SectionMask } from "./job";
import { sectionLabels } from "./lesionLabels";
import { cornerstoneTools } from "./ohifServices";

export class MaskWriter {
  /** The masks that were written, by section. */
  private readonly written = new Map<number, SectionMask>();
  /** Index of one labelled voxel in each section that has any: checked instead of all of them. */
  private readonly probes = new Map<number, number>();
  /** True once voxels carry lesion numbers. */
  private isLabelled = false;

  /** Has the next `write` write all sections. */
  invalidate(): void {
    this.written.clear();
  }

  /** False if OHIF lost what was written: it may drop and rebuild the images of a labelmap. */
  isIntact(segmentationId: string, job: Job): boolean {
    if (this.probes.size === 0) return true;
    let found = 0;
    for (const { section, voxels } of labelmapSections(segmentationId, job)) {
      const probe = this.probes.get(section);
      if (probe === undefined) continue;
      if (!voxels[probe]) return false;
      found += 1;
    }
    return found === this.probes.size;
  }

  /** Writes the sections whose mask has changed, and all of them once lesions are numbered or were lost. */
  write(segmentationId: string, job: Job): void {
    if (job.lesions && !this.isLabelled) {
      this.isLabelled = true;
      if (job.lesions.length > 1) this.invalidate();
    }
    if (!this.isIntact(segmentationId, job)) this.invalidate();
    const hasChanged = [...job.masks].some(([section, mask]) => this.written.get(section) !== mask);
    if (!hasChanged) return;
    const labels = sectionLabels(job);
    for (const { section, image, voxels } of labelmapSections(segmentationId, job)) {
      const mask = job.masks.get(section);
      if (!mask || this.written.get(section) === mask) continue;
      if (voxels.length !== mask.rows * mask.columns) continue;
      voxels.set(labels?.get(section) ?? unpackBits(mask.bits, voxels.length));
      image.voxelManager.setScalarData?.(voxels);
      this.written.set(section, mask);
      const probe = voxels.findIndex(Boolean);
      if (probe >= 0) this.probes.set(section, probe);
      else this.probes.delete(section);
    }
    cornerstoneTools().segmentation.triggerSegmentationEvents.triggerSegmentationDataModified(segmentationId);
  }
}
