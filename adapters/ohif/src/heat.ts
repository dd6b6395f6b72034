/** A heat map over the images, as a labelmap of the host whose segments are steps of heat. */

import { active, cornerstone, type Host, tools } from "./host";
import type { Job, SectionHeat } from "./job";
import { isOf, placeOf } from "./masks";
import { sectionOf } from "./sections";
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
  private shown: { id: string; viewportId: string } | undefined;

  constructor(private readonly host: Host) {}

  /** Shows the heat map of an answer, instead of any other; `opacity` 0 to 1. */
  async show(job: Job, classifier: string, opacity: number): Promise<void> {
    const now = active(this.host);
    const maps = job.heat.get(classifier);
    if (!now || !job.grid || !maps || !isOf(job, now)) return;
    const id = `cordline-heat-${job.id}-${classifier}`;
    if (this.shown?.id !== id) this.hide();
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
    this.shown = { id, viewportId: now.viewportId };
  }

  hide(): void {
    if (this.shown) this.host.servicesManager.services.segmentationService.remove(this.shown.id);
    this.shown = undefined;
  }

  private fill(id: string, job: Job, maps: ReadonlyMap<number, SectionHeat>): void {
    const labelmap = tools().segmentation.state.getSegmentation(id)?.representationData.Labelmap;
    if (!labelmap || !job.grid) return;
    const { matrix, shape } = job.grid;
    for (const imageId of labelmap.imageIds) {
      const image = cornerstone().cache.getImage(imageId);
      const instance = cornerstone().metaData.get("instance", image.referencedImageId);
      const section = instance && sectionOf(matrix, shape[0], placeOf(instance));
      const map = section && maps.get(section);
      const voxels = image.voxelManager.getScalarData();
      if (!map || voxels.length !== shape[1] * shape[2]) continue;
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
