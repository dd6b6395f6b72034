/** A heat map over the images, as a labelmap of the host whose segments are steps of heat. */

import { type DisplaySet, type Host, tools } from "./host";
import { sectionsOf } from "./images";
import type { Job, SectionHeat } from "./job";
import type { Seen } from "./known";
import { Overlay } from "./overlay";
import { retire } from "./retire";
import { strings } from "./strings";
import { isOf, type Shown, shownIn } from "./viewports";

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
  private shown: { job: string; classifier: string; overlay: Overlay } | undefined;
  private making = false;

  constructor(private readonly host: Host) {}

  /** Shows the heat map of an answer in every view of its images, instead of any other; `opacity` 0 to 1. */
  async show(job: Job, classifier: string, opacity: number): Promise<void> {
    const views = viewsOf(this.host, job);
    const [first] = views;
    const maps = job.heat.get(classifier);
    if (!first || !job.grid || !maps || this.making) return;
    const id = `cordline-heat-${job.id}-${classifier}`;
    this.making = true;
    try {
      if (this.shown?.overlay.id !== id) this.hide();
      if (sectionsOf(id, job).next().done) await this.make(id, first.displaySet, job, maps);
      this.shown ??= { job: job.id, classifier, overlay: new Overlay(this.host, id) };
    } finally {
      this.making = false;
    }
    const alpha = Math.round(255 * opacity);
    const colours = new Map(STEPS.map(([r, g, b], k) => [k + 1, [r, g, b, alpha] as const]));
    await this.shown?.overlay.lay(views, { colours, outline: false, fill: 1 });
    this.shown?.overlay.leave(shownIn(this.host).filter((shown) => !isOf(job, shown)));
  }

  hide(): void {
    if (this.shown) retire(this.host, this.shown.overlay.id);
    this.shown = undefined;
  }

  /** How the heat map of a job stands in the viewer, by looking at it. */
  seen(job: Job): Seen {
    if (this.shown?.job !== job.id) return "none";
    const views = viewsOf(this.host, job);
    const isEmpty = views.length > 0 && sectionsOf(this.shown.overlay.id, job).next().done;
    return isEmpty ? "lost" : this.shown.overlay.seen(views);
  }

  private async make(
    id: string,
    displaySet: DisplaySet,
    job: Job,
    maps: ReadonlyMap<number, SectionHeat>,
  ): Promise<void> {
    const { segmentationService } = this.host.servicesManager.services;
    if (tools().segmentation.state.getSegmentation(id)) segmentationService.remove(id);
    const step = (k: number) => ({ segmentIndex: k, label: `${strings.heatMap} ${k}`, locked: true });
    await segmentationService.createLabelmapForDisplaySet(displaySet, {
      segmentationId: id,
      label: strings.heatMap,
      segments: Object.fromEntries(STEPS.map((_, k) => [k + 1, step(k + 1)])),
    });
    this.fill(id, job, maps);
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

function viewsOf(host: Host, job: Job): Shown[] {
  return shownIn(host).filter((shown) => isOf(job, shown));
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
