/** The masks of a job as a labelmap of the host, filled section by section while the box works. */

import { unpackBits } from "@cordline/sdk";
import { type Active, active, cornerstone, type Host, type Instance, tools } from "./host";
import type { Job, SectionMask } from "./job";
import { type Place, sectionOf } from "./sections";
import { strings } from "./strings";

const COLOUR = [255, 64, 64, 255];

/** Draws the masks of one job at a time; what was drawn stays until another job comes. */
export class Masks {
  private drawn: { job: string; display: string; sections: Map<number, SectionMask>; jumped: boolean } | undefined;
  private making = false;

  constructor(private readonly host: Host) {}

  /** Draws what is new of a job on the images that it is about; nothing on any others. */
  async draw(job: Job): Promise<void> {
    const now = active(this.host);
    if (!now || !job.grid || this.making || !isOf(job, now)) return;
    const id = segmentationId(job);
    if (this.drawn?.job !== job.id || this.drawn.display !== now.displaySet.displaySetInstanceUID) {
      this.making = true;
      try {
        // Two masks over each other would be none.
        if (this.drawn && this.drawn.job !== job.id) this.remove(this.drawn.job);
        await this.begin(id, now);
        this.drawn = { job: job.id, display: now.displaySet.displaySetInstanceUID, sections: new Map(), jumped: false };
      } finally {
        this.making = false;
      }
    }
    this.fill(id, job);
    // Whoever waits is shown where the first lesion appears; whoever comes later, or corrects, stays where they are.
    const lesion = [...this.drawn.sections].find(([, mask]) => mask.bits.some(Boolean));
    if (lesion && !this.drawn.jumped && job.state === "segmenting") {
      this.drawn.jumped = true;
      await this.jump(job, lesion[0]);
    }
  }

  /** Shows the image of a section. */
  async jump(job: Job, section: number): Promise<void> {
    const now = active(this.host);
    if (!now || !job.grid || !isOf(job, now)) return;
    const { matrix, shape } = job.grid;
    const index = now.viewport.getImageIds().findIndex((imageId) => {
      const instance = cornerstone().metaData.get("instance", imageId);
      return instance && sectionOf(matrix, shape[0], placeOf(instance)) === section;
    });
    if (index >= 0) await cornerstone().utilities.jumpToSlice(now.viewport.element, { imageIndex: index });
  }

  private remove(job: string): void {
    this.host.servicesManager.services.segmentationService.remove(`cordline-${job}`);
  }

  /** Lets the reader's brush change the mask, or not any more. */
  unlock(job: Job, open: boolean): void {
    const { segmentationService } = this.host.servicesManager.services;
    const id = segmentationId(job);
    if (tools().segmentation.state.getSegmentation(id)) segmentationService.setSegmentLocked(id, 1, !open);
  }

  /** The mask as it is now, after a reader's brush: sections x rows x columns; `undefined` where it is not drawn whole. */
  corrected(job: Job): { shape: [number, number, number]; voxels: Uint8Array } | undefined {
    if (!job.grid) return undefined;
    const { shape } = job.grid;
    const size = shape[1] * shape[2];
    const voxels = new Uint8Array(shape[0] * size);
    const seen = new Set<number>();
    for (const { section, voxels: own } of sectionsOf(segmentationId(job), job)) {
      voxels.set(
        own.map((v) => (v ? 1 : 0)),
        (section - 1) * size,
      );
      seen.add(section);
    }
    return seen.size === shape[0] ? { shape, voxels } : undefined;
  }

  private async begin(id: string, { displaySet, viewportId }: Active): Promise<void> {
    const { segmentationService } = this.host.servicesManager.services;
    if (!tools().segmentation.state.getSegmentation(id)) {
      const segments = { 1: { segmentIndex: 1, label: strings.lesions, locked: true, active: true, cachedStats: {} } };
      await segmentationService.createLabelmapForDisplaySet(displaySet, {
        segmentationId: id,
        label: strings.title,
        segments,
      });
    }
    await segmentationService.addSegmentationRepresentation(viewportId, { segmentationId: id, type: "Labelmap" });
    segmentationService.setSegmentColor(viewportId, id, 1, COLOUR);
  }

  private fill(id: string, job: Job): void {
    if (!this.drawn) return;
    let changed = false;
    for (const { section, image, voxels } of sectionsOf(id, job)) {
      const mask = job.masks.get(section);
      if (!mask || this.drawn.sections.get(section) === mask) continue;
      if (voxels.length !== mask.rows * mask.columns) continue;
      voxels.set(unpackBits(mask.bits, voxels.length));
      image.voxelManager.setScalarData?.(voxels);
      this.drawn.sections.set(section, mask);
      changed = true;
    }
    if (changed) tools().segmentation.triggerSegmentationEvents.triggerSegmentationDataModified(id);
  }
}

/** The images of a labelmap that lie where sections of the job lie. Another size would be another image: it is passed over. */
export function* sectionsOf(id: string, job: Job) {
  const labelmap = tools().segmentation.state.getSegmentation(id)?.representationData.Labelmap;
  if (!labelmap || !job.grid) return;
  const { matrix, shape } = job.grid;
  for (const imageId of labelmap.imageIds) {
    const image = cornerstone().cache.getImage(imageId);
    const instance = cornerstone().metaData.get("instance", image.referencedImageId);
    const section = instance && sectionOf(matrix, shape[0], placeOf(instance));
    const voxels = image.voxelManager.getScalarData();
    if (section && voxels.length === shape[1] * shape[2]) yield { section, image, voxels };
  }
}

/** True where the images that are looked at are those of the job: the same study and the same series. */
export function isOf(job: Job, { displaySet }: Active): boolean {
  const { series } = job;
  return series?.uid === displaySet.SeriesInstanceUID && series.study_uid === displaySet.StudyInstanceUID;
}

/** One segmentation a job; "1" is the host's own. */
export function segmentationId(job: Job): string {
  return `cordline-${job.id}`;
}

/** Where an image lies. */
function placeOf(instance: Instance): Place {
  return { position: instance.ImagePositionPatient, orientation: instance.ImageOrientationPatient };
}
