/** The labelmaps that masks are drawn into: one for each job, and an empty spare one for the next. */

import { disposeSegmentation, removeFromViewports } from "./disposeSegmentation";
import { segmentationId } from "./id";
import {
  type ActiveViewport,
  cornerstone,
  cornerstoneTools,
  type DisplaySet,
  type ExtensionParams,
} from "./ohifServices";
import { Overlay } from "./overlay";
import { strings } from "./strings";
import { listViewports } from "./viewports";

/** The red of the DICOM SEG, lightened for contrast on a dark image. */
export const LESION_COLOUR = [255, 64, 64, 255] as const;

export class LabelmapPool {
  /** Display set that the spare labelmap belongs to. */
  private spareFor: string | undefined;
  /** Display set of each job that got its spare labelmap. */
  private readonly assigned = new Map<string, string>();

  constructor(private readonly ohif: ExtensionParams) {}

  /** True if the images may be analysed and have no spare labelmap. */
  needsSpare({ displaySet }: ActiveViewport): boolean {
    return displaySet.Modality === "MR" && this.spareFor !== displaySet.displaySetInstanceUID;
  }

  /**
   * Creates an empty labelmap for the active images, and disposes of the spare one of others. OHIF takes up to a second to create and
   * first draw a labelmap: so it is spent before the click and not between the click and the first mask.
   */
  async prepareSpare(active: ActiveViewport): Promise<void> {
    this.discardSpare();
    const displaySetUid = active.displaySet.displaySetInstanceUID;
    await this.create(segmentationId(displaySetUid), active.displaySet);
    const viewports = listViewports(this.ohif).filter(({ viewportId }) => viewportId === active.viewportId);
    await new Overlay(this.ohif, segmentationId(displaySetUid)).apply(viewports, {
      colours: new Map([[1, LESION_COLOUR]]),
      outline: true,
      fill: 0,
    });
    this.spareFor = displaySetUid;
  }

  /** Segmentation id of a job's labelmap. */
  idOf(job: string): string {
    return segmentationId(this.assigned.get(job) ?? job);
  }

  /** Assigns a labelmap to a job: the spare one if it belongs to the same images. Returns its segmentation id. */
  assign(job: string, { displaySet }: { displaySet: DisplaySet }): string {
    if (this.spareFor === displaySet.displaySetInstanceUID) {
      this.assigned.set(job, this.spareFor);
      this.spareFor = undefined;
    }
    this.discardSpare();
    return this.idOf(job);
  }

  /** Creates a labelmap for images unless there is one. */
  async create(id: string, displaySet: DisplaySet): Promise<void> {
    const { segmentationService } = this.ohif.servicesManager.services;
    const existing = cornerstoneTools().segmentation.state.getSegmentation(id);
    if (existing?.representationData.Labelmap.imageIds.some((one) => cornerstone().cache.getImage(one))) return;
    // Its images were evicted from the cache.
    if (existing) segmentationService.remove(id);
    await segmentationService.createLabelmapForDisplaySet(displaySet, {
      segmentationId: id,
      label: strings.title,
      segments: { 1: { segmentIndex: 1, label: strings.lesion(1), locked: true, active: true, cachedStats: {} } },
    });
  }

  /** Removes a job's labelmap from all viewports, and keeps it. */
  hide(job: string): void {
    removeFromViewports(this.ohif, this.idOf(job));
  }

  dispose(job: string): void {
    disposeSegmentation(this.ohif, this.idOf(job));
    this.assigned.delete(job);
  }

  discardSpare(): void {
    if (this.spareFor) disposeSegmentation(this.ohif, segmentationId(this.spareFor));
    this.spareFor = undefined;
  }
}
