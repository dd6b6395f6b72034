/** Manual correction of a mask: which segments the brush may change, and the mask as it left them. */

import { Brush, type BrushKind } from "./brush";
import { labelmapSections } from "./images";
import type { Job } from "./job";
import { cornerstoneTools, type ExtensionParams } from "./ohifServices";

/** Sections x rows x columns, one byte a voxel, 0 or 1. */
export interface VolumeMask {
  shape: [number, number, number];
  voxels: Uint8Array;
}

export class Correction {
  private readonly brush: Brush;

  constructor(private readonly ohif: ExtensionParams) {
    this.brush = new Brush(ohif);
  }

  /** Unlocks all segments for the brush, or locks them and puts the brush away. */
  setEditable(segmentationId: string, editable: boolean): void {
    this.lockOnly(segmentationId, editable ? [] : this.segments(segmentationId));
    if (!editable) this.brush.deactivate();
  }

  /** Locks these segments and unlocks all others. */
  lockOnly(segmentationId: string, locked: readonly number[]): void {
    for (const segment of this.segments(segmentationId)) this.lock(segmentationId, segment, locked.includes(segment));
  }

  lock(segmentationId: string, segment: number, locked: boolean): void {
    if (cornerstoneTools().segmentation.state.getSegmentation(segmentationId)?.segments[segment])
      this.ohif.servicesManager.services.segmentationService.setSegmentLocked(segmentationId, segment, locked);
  }

  chooseBrush(kind: BrushKind, diameterMm: number): void {
    this.brush.choose(kind, diameterMm);
  }

  /** Has the active viewport paint on a segmentation, or puts the brush away; to be called with each change of the viewports. */
  holdBrush(segmentationId: string | undefined): void {
    if (segmentationId) this.brush.activate(segmentationId, 1);
    else this.brush.deactivate();
  }

  /** The union of all segments as they are now; `undefined` if the labelmap lacks sections. */
  readMask(segmentationId: string, job: Job): VolumeMask | undefined {
    if (!job.grid) return undefined;
    const { shape } = job.grid;
    const size = shape[1] * shape[2];
    const mask = new Uint8Array(shape[0] * size);
    const found = new Set<number>();
    for (const { section, voxels } of labelmapSections(segmentationId, job)) {
      mask.set(
        voxels.map((v) => (v ? 1 : 0)),
        (section - 1) * size,
      );
      found.add(section);
    }
    return found.size === shape[0] ? { shape, voxels: mask } : undefined;
  }

  private segments(segmentationId: string): number[] {
    const segmentation = cornerstoneTools().segmentation.state.getSegmentation(segmentationId);
    return Object.keys(segmentation?.segments ?? {}).map(Number);
  }
}
