/** What was written into a labelmap of the host for a job, and whether it is still there. */

import { unpackBits } from "@cordline/sdk";
import { tools } from "./host";
import { sectionsOf } from "./images";
import type { Job, SectionMask } from "./job";
import { numbered } from "./labels";

export class Voxels {
  private readonly sections = new Map<number, SectionMask>();
  /** One voxel of lesion in each section that has any: index in the section. */
  private readonly probes = new Map<number, number>();
  /** True once the voxels carry the numbers of lesions. */
  private numbered = false;

  /** Everything is to be written anew. */
  forget(): void {
    this.sections.clear();
  }

  /** True where the host still holds what was written. */
  are(id: string, job: Job): boolean {
    if (this.probes.size === 0) return true;
    let held = 0;
    for (const { section, voxels } of sectionsOf(id, job)) {
      const probe = this.probes.get(section);
      if (probe === undefined) continue;
      if (!voxels[probe]) return false;
      held += 1;
    }
    return held === this.probes.size;
  }

  /** Writes what is new of a job's masks, and what the host has lost. */
  fill(id: string, job: Job): void {
    if (job.lesions && !this.numbered) {
      this.numbered = true;
      if (job.lesions.length > 1) this.forget();
    }
    if (!this.are(id, job)) this.forget();
    const stale = [...job.masks].some(([section, mask]) => this.sections.get(section) !== mask);
    if (!stale) return;
    const labels = numbered(job);
    for (const { section, image, voxels } of sectionsOf(id, job)) {
      const mask = job.masks.get(section);
      if (!mask || this.sections.get(section) === mask) continue;
      if (voxels.length !== mask.rows * mask.columns) continue;
      voxels.set(labels?.get(section) ?? unpackBits(mask.bits, voxels.length));
      image.voxelManager.setScalarData?.(voxels);
      this.sections.set(section, mask);
      const probe = voxels.findIndex(Boolean);
      if (probe >= 0) this.probes.set(section, probe);
      else this.probes.delete(section);
    }
    tools().segmentation.triggerSegmentationEvents.triggerSegmentationDataModified(id);
  }
}
