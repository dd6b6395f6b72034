/** Draws the heat map of a classifier as a labelmap whose segments are levels of heat. */

import { disposeSegmentation, removeFromViewports } from "./disposeSegmentation";
import { segmentationId } from "./id";
import { labelmapSections } from "./images";
import type { Job, SectionHeat } from "./job";
import { cornerstoneTools, type DisplaySet, type ExtensionParams } from "./ohifServices";
import { Overlay } from "./overlay";
import type { OverlayStatus } from "./state";
import { strings } from "./strings";
import { listViewports, showsJob, type ViewportInfo } from "./viewports";

/** Dark red to bright yellow, as in the report. */
const COLOURS = [
  [110, 20, 80],
  [150, 35, 85],
  [190, 55, 75],
  [220, 85, 55],
  [240, 125, 40],
  [250, 170, 50],
  [250, 215, 90],
] as const;
/** Lower values stay transparent: they do not contribute to the answer. */
const MIN_HEAT = 0.25;

export class HeatMap {
  private shown: { job: string; classifier: string; overlay: Overlay } | undefined;
  /** Segmentation id of the heat map that was shown last. */
  private kept: string | undefined;
  private isCreating = false;
  /** Segmentation id of what is to be shown: the reader may have hidden it while it was created. */
  private wanted: string | undefined;

  constructor(private readonly ohif: ExtensionParams) {}

  /** Shows the heat map of a classifier in every viewport of its images, in place of any other; `opacity`: 0 to 1. */
  async show(job: Job, classifier: string, opacity: number): Promise<void> {
    const viewports = viewportsOf(this.ohif, job);
    const [first] = viewports;
    const maps = job.heat.get(classifier);
    const id = segmentationId(`heat-${job.id}-${classifier}`);
    this.wanted = id;
    if (!first || !job.grid || !maps || this.isCreating) return;
    this.isCreating = true;
    try {
      this.replace(id);
      if (labelmapSections(id, job).next().done) await this.create(id, first.displaySet, job, maps);
      if (this.wanted !== id) return;
      this.shown ??= { job: job.id, classifier, overlay: new Overlay(this.ohif, id) };
    } finally {
      this.isCreating = false;
    }
    const alpha = Math.round(255 * opacity);
    const colours = new Map(COLOURS.map(([r, g, b], k) => [k + 1, [r, g, b, alpha] as const]));
    await this.shown?.overlay.apply(viewports, { colours, outline: false, fill: 1 });
    this.shown?.overlay.repeat(viewports);
    this.shown?.overlay.removeFrom(listViewports(this.ohif).filter((viewport) => !showsJob(job, viewport)));
  }

  hide(): void {
    this.wanted = undefined;
    if (!this.shown) return;
    this.shown.overlay.withdraw();
    // Kept: OHIF remembers it for layouts in which it was shown, and fails if it is gone when the reader comes back to them.
    removeFromViewports(this.ohif, this.shown.overlay.id);
    this.shown = undefined;
  }

  /** Removes the heat map that another takes the place of. */
  private replace(id: string): void {
    if (this.shown && this.shown.overlay.id !== id) {
      this.shown.overlay.withdraw();
      this.shown = undefined;
    }
    if (this.kept && this.kept !== id) disposeSegmentation(this.ohif, this.kept);
    this.kept = id;
  }

  /** Whether the heat map of a job is drawn, as read from the viewports. */
  status(job: Job): OverlayStatus {
    if (this.shown?.job !== job.id) return "none";
    const viewports = viewportsOf(this.ohif, job);
    const isEmpty = viewports.length > 0 && labelmapSections(this.shown.overlay.id, job).next().done;
    return isEmpty ? "lost" : this.shown.overlay.status(viewports);
  }

  private async create(
    id: string,
    displaySet: DisplaySet,
    job: Job,
    maps: ReadonlyMap<number, SectionHeat>,
  ): Promise<void> {
    const { segmentationService } = this.ohif.servicesManager.services;
    if (cornerstoneTools().segmentation.state.getSegmentation(id)) segmentationService.remove(id);
    const level = (k: number) => ({ segmentIndex: k, label: `${strings.heatMap} ${k}`, locked: true });
    await segmentationService.createLabelmapForDisplaySet(displaySet, {
      segmentationId: id,
      label: strings.heatMap,
      segments: Object.fromEntries(COLOURS.map((_, k) => [k + 1, level(k + 1)])),
    });
    this.write(id, job, maps);
  }

  private write(id: string, job: Job, maps: ReadonlyMap<number, SectionHeat>): void {
    if (!job.grid) return;
    const { shape } = job.grid;
    for (const { section, image, voxels } of labelmapSections(id, job)) {
      const map = maps.get(section);
      if (!map) continue;
      voxels.set(quantize(map, shape[1], shape[2]));
      image.voxelManager.setScalarData?.(voxels);
    }
    cornerstoneTools().segmentation.triggerSegmentationEvents.triggerSegmentationDataModified(id);
  }
}

function viewportsOf(ohif: ExtensionParams, job: Job): ViewportInfo[] {
  return listViewports(ohif).filter((viewport) => showsJob(job, viewport));
}

/** Resamples a map to rows x columns, bilinear, and quantizes it to 0 (transparent) .. COLOURS.length. */
export function quantize(map: SectionHeat, rows: number, columns: number): Uint8Array {
  const levels = new Uint8Array(rows * columns);
  const positions = (count: number, size: number) =>
    Array.from({ length: size }, (_, i) => {
      const at = Math.min(Math.max(((i + 0.5) * count) / size - 0.5, 0), count - 1);
      const first = Math.floor(at);
      return { first, second: Math.min(first + 1, count - 1), weight: at - first };
    });
  const xs = positions(map.columns, columns);
  const value = (row: number, column: number) => map.levels[row * map.columns + column] ?? 0;
  positions(map.rows, rows).forEach((y, row) => {
    xs.forEach((x, column) => {
      const along = (of: number) => value(of, x.first) * (1 - x.weight) + value(of, x.second) * x.weight;
      const heat = (along(y.first) * (1 - y.weight) + along(y.second) * y.weight) / 255;
      const level = Math.ceil(((heat - MIN_HEAT) / (1 - MIN_HEAT)) * COLOURS.length);
      levels[row * columns + column] = Math.min(Math.max(level, 0), COLOURS.length);
    });
  });
  return levels;
}
