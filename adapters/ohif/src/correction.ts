/** A reader's correction of a mask: the host's own brush over our labelmap, and what it left. */

import { Brush, type Kind } from "./brush";
import { type Host, tools } from "./host";
import { sectionsOf } from "./images";
import type { Job } from "./job";

/** A mask of the whole volume: sections x rows x columns, one byte a voxel, 0 or 1. */
export interface WholeMask {
  shape: [number, number, number];
  voxels: Uint8Array;
}

export class Correction {
  private readonly brush: Brush;

  constructor(private readonly host: Host) {
    this.brush = new Brush(host);
  }

  /** Lets the reader's brush change every segment, or none any more. */
  open(id: string, open: boolean): void {
    for (const lesion of Object.keys(tools().segmentation.state.getSegmentation(id)?.segments ?? {}))
      this.lock(id, Number(lesion), !open);
    if (!open) this.brush.putDown();
  }

  /** Keeps the brush from a segment, or lets it. */
  lock(id: string, segment: number, locked: boolean): void {
    if (tools().segmentation.state.getSegmentation(id)?.segments[segment])
      this.host.servicesManager.services.segmentationService.setSegmentLocked(id, segment, locked);
  }

  /** Puts the host's own brush or eraser into the reader's hand; `mm`: how wide it is. */
  take(id: string, kind: Kind, mm: number): void {
    this.brush.take(kind, mm, id, 1);
  }

  /** The mask as it is now, after a reader's brush; `undefined` where it is not drawn whole. */
  mask(id: string, job: Job): WholeMask | undefined {
    if (!job.grid) return undefined;
    const { shape } = job.grid;
    const size = shape[1] * shape[2];
    const voxels = new Uint8Array(shape[0] * size);
    const seen = new Set<number>();
    for (const { section, voxels: own } of sectionsOf(id, job)) {
      voxels.set(
        own.map((v) => (v ? 1 : 0)),
        (section - 1) * size,
      );
      seen.add(section);
    }
    return seen.size === shape[0] ? { shape, voxels } : undefined;
  }
}
