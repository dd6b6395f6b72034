/** A heat map over the images, as a labelmap of the host whose segments are steps of heat. */

import { active, type Host, tools } from "./host";
import { isOf, sectionsOf } from "./images";
import type { Job, SectionHeat } from "./job";
import { retire } from "./retire";
import { strings } from "./strings";

/** Dark red to bright yellow, as the report has it; the coolest part stays clear, for it explains nothing. */
const STEPS = [
  [110, 20, 80],
  [150, 35, 85],
  [190, 55, 75],
  [220, 85, 55],
  [240, 125, 40],
  [250, 170, 50],
  [250, 215, 90],
] as const;
const COOLEST = 0.25;

export class Heat {
  /** Id of the segmentation that is shown. */
  private shown: string | undefined;

  constructor(private readonly host: Host) {}

  /** Shows the heat map of an answer, instead of any other; `opacity` 0 to 1. */
  async show(job: Job, classifier: string, opacity: number): Promise<void> {
    const now = active(this.host);
    const maps = job.heat.get(classifier);
    if (!now || !job.grid || !maps || !isOf(job, now)) return;
    const id = `cordline-heat-${job.id}-${classifier}`;
    if (this.shown !== id) this.hide();
    const { segmentationService } = this.host.servicesManager.services;
    if (!tools().segmentation.state.getSegmentation(id)) {
      const steps = STEPS.map((_, k) => [
        k + 1,
        { segmentIndex: k + 1, label: `${strings.heatMap} ${k + 1}`, locked: true },
      ]);
      await segmentationService.createLabelmapForDisplaySet(now.displaySet, {
        segmentationId: id,
        label: strings.heatMap,
        segments: Object.fromEntries(steps),
      });
      this.fill(id, job, maps);
    }
    await segmentationService.addSegmentationRepresentation(now.viewportId, { segmentationId: id, type: "Labelmap" });
    const plain = { renderOutline: false, renderFill: true, fillAlpha: 1 };
    tools().segmentation.config?.style?.setStyle({ segmentationId: id, type: "Labelmap" }, plain);
    STEPS.forEach((colour, k) => {
      segmentationService.setSegmentColor(now.viewportId, id, k + 1, [...colour, Math.round(255 * opacity)]);
    });
    this.shown = id;
  }

  hide(): void {
    if (this.shown) retire(this.host, this.shown);
    this.shown = undefined;
  }

  private fill(id: string, job: Job, maps: ReadonlyMap<number, SectionHeat>): void {
    if (!job.grid) return;
    const { shape } = job.grid;
    for (const { section, image, voxels } of sectionsOf(id, job)) {
      const map = maps.get(section);
      if (!map) continue;
      voxels.set(steps(map, shape[1], shape[2]));
      image.voxelManager.setScalarData?.(voxels);
    }
    tools().segmentation.triggerSegmentationEvents.triggerSegmentationDataModified(id);
  }
}

/** A map in steps from 0 (cool) to STEPS.length, on a grid of rows x columns, linear between its values. */
export function steps(map: SectionHeat, rows: number, columns: number): Uint8Array {
  const found = new Uint8Array(rows * columns);
  const places = (count: number, size: number) =>
    Array.from({ length: size }, (_, i) => {
      const at = Math.min(Math.max(((i + 0.5) * count) / size - 0.5, 0), count - 1);
      const first = Math.floor(at);
      return { first, second: Math.min(first + 1, count - 1), share: at - first };
    });
  const right = places(map.columns, columns);
  const level = (row: number, column: number) => map.levels[row * map.columns + column] ?? 0;
  places(map.rows, rows).forEach((y, row) => {
    right.forEach((x, column) => {
      const along = (of: number) => level(of, x.first) * (1 - x.share) + level(of, x.second) * x.share;
      const heat = (along(y.first) * (1 - y.share) + along(y.second) * y.share) / 255;
      const step = Math.ceil(((heat - COOLEST) / (1 - COOLEST)) * STEPS.length);
      found[row * columns + column] = Math.min(Math.max(step, 0), STEPS.length);
    });
  });
  return found;
}
