/** The masks of a job as a labelmap of the host, filled section by section while the box works; a segment for each lesion. */

import { unpackBits } from "@cordline/sdk";
import { Brush, type Kind } from "./brush";
import { type Active, active, cornerstone, type Host, type LesionMark, marksOf, tools } from "./host";
import { isOf, sectionOfImage, sectionsOf } from "./images";
import { isRunning, type Job, type SectionMask } from "./job";
import { COLOUR, Labelmaps } from "./labelmaps";
import { numbered } from "./labels";
import { compare, type Sameness } from "./pixels";
import { strings } from "./strings";

interface Drawn {
  job: string;
  display: string;
  sections: Map<number, SectionMask>;
  /** True once the voxels carry the numbers of lesions. */
  numbered: boolean;
  jumped: boolean;
}

/** Draws the masks of one job at a time; what was drawn stays until another job comes. */
export class Masks {
  private drawn: Drawn | undefined;
  private making = false;
  /** Whether images are those of a job, by display set and digest. */
  private readonly sameness = new Map<string, Sameness>();
  /** Lesions that the reader hid: another layout shows them hidden too. */
  private readonly hidden = new Set<number>();
  private readonly brush: Brush;
  private readonly labelmaps: Labelmaps;

  /** `refuse` is told of a job whose images are others; `again` whenever a job may be drawn that could not before. */
  constructor(
    private readonly host: Host,
    private readonly refuse: (job: string) => void,
    private readonly again: () => void,
  ) {
    this.brush = new Brush(host);
    this.labelmaps = new Labelmaps(host);
  }

  /** Has a labelmap lie ready over the images that are looked at, where they may be analysed. */
  async prepare(): Promise<void> {
    const now = active(this.host);
    if (!now || this.making || !this.labelmaps.wanted(now)) return;
    await this.alone(() => this.labelmaps.prepare(now));
    // A job may have come meanwhile.
    this.again();
  }

  /** Draws what is new of a job on the images that it is about; nothing on any others. */
  async draw(job: Job): Promise<void> {
    const now = active(this.host);
    if (!now || !job.grid || this.making || !isOf(job, now)) return;
    if (job.state === "cancelled" || job.state === "failed") {
      // Half a mask without an answer would pass for a result.
      this.remove(job.id);
      return;
    }
    // The box has just read the images of a running job, so its masks are drawn at once; they are compared at its end.
    const same = isRunning(job) ? undefined : this.compared(job, now);
    if (same === "other") {
      this.remove(job.id);
      this.refuse(job.id);
      return;
    }
    if (!same && !isRunning(job)) return;
    const display = now.displaySet.displaySetInstanceUID;
    if (this.drawn?.job !== job.id || this.drawn.display !== display) {
      await this.alone(async () => {
        // Two masks over each other would be none.
        if (this.drawn && this.drawn.job !== job.id) this.remove(this.drawn.job);
        await this.begin(job, now);
      });
      this.drawn = { job: job.id, display, sections: new Map(), numbered: false, jumped: false };
      // With what came meanwhile.
      this.again();
      return;
    }
    // Whoever waits is shown where the first lesion appears; whoever comes later, or corrects, stays where they are.
    const lesion = [...job.masks].find(([, mask]) => mask.bits.some(Boolean));
    if (lesion && !this.drawn.jumped && job.state === "segmenting") {
      this.drawn.jumped = true;
      // Before the mask is filled in: the host gives an image's labelmap its colours only with the next frame, and to draw it
      // without them first costs it another program of its graphics card.
      await this.jump(job, lesion[0]);
      // Another job may have been drawn over it meanwhile.
      if (this.drawn?.job !== job.id || this.drawn.display !== display) return;
    }
    this.fill(this.labelmaps.of(job.id), job, now.viewportId);
  }

  /** Shows the image of a section. */
  async jump(job: Job, section: number): Promise<void> {
    const now = active(this.host);
    if (!now || !isOf(job, now)) return;
    const imageIndex = now.viewport.getImageIds().findIndex((id) => sectionOfImage(job, id) === section);
    if (imageIndex >= 0) await cornerstone().utilities.jumpToSlice(now.viewport.element, { imageIndex });
  }

  /** How each lesion stands in the viewport. */
  marks(job: Job): ReadonlyMap<number, LesionMark> {
    const now = active(this.host);
    return now && isOf(job, now) ? marksOf(this.host, now.viewportId, this.labelmaps.of(job.id)) : new Map();
  }

  /** Shows a lesion, or hides it. */
  show(job: Job, lesion: number, visible: boolean): void {
    const now = active(this.host);
    if (!now || !isOf(job, now)) return;
    if (visible) this.hidden.delete(lesion);
    else this.hidden.add(lesion);
    this.applyHidden(now.viewportId, this.labelmaps.of(job.id));
  }

  /** Keeps the host's brush from a lesion, or lets it. */
  lock(job: Job, lesion: number, locked: boolean): void {
    const id = this.labelmaps.of(job.id);
    if (tools().segmentation.state.getSegmentation(id)?.segments[lesion])
      this.host.servicesManager.services.segmentationService.setSegmentLocked(id, lesion, locked);
  }

  /** Lets the reader's brush change the masks, or not any more. */
  unlock(job: Job, open: boolean): void {
    const { segmentationService } = this.host.servicesManager.services;
    const id = this.labelmaps.of(job.id);
    const segments = tools().segmentation.state.getSegmentation(id)?.segments ?? {};
    for (const lesion of Object.keys(segments)) segmentationService.setSegmentLocked(id, Number(lesion), !open);
    if (!open) this.brush.putDown();
  }

  /** Puts the host's own brush or eraser into the reader's hand; `mm`: how wide it is. */
  take(job: Job, kind: Kind, mm: number): void {
    this.brush.take(kind, mm, this.labelmaps.of(job.id), 1);
  }

  /** Draws the mask anew as the box said it, whatever the brush did. */
  restore(job: Job): void {
    const now = active(this.host);
    if (!now || this.drawn?.job !== job.id) return;
    this.drawn.sections.clear();
    this.fill(this.labelmaps.of(job.id), job, now.viewportId);
  }

  /** The mask as it is now, after a reader's brush: sections x rows x columns; `undefined` where it is not drawn whole. */
  corrected(job: Job): { shape: [number, number, number]; voxels: Uint8Array } | undefined {
    if (!job.grid) return undefined;
    const { shape } = job.grid;
    const size = shape[1] * shape[2];
    const voxels = new Uint8Array(shape[0] * size);
    const seen = new Set<number>();
    for (const { section, voxels: own } of sectionsOf(this.labelmaps.of(job.id), job)) {
      voxels.set(
        own.map((v) => (v ? 1 : 0)),
        (section - 1) * size,
      );
      seen.add(section);
    }
    return seen.size === shape[0] ? { shape, voxels } : undefined;
  }

  private compared(job: Job, now: Active): Sameness | undefined {
    const key = `${now.displaySet.displaySetInstanceUID} ${job.grid?.pixel_sha256}`;
    if (!this.sameness.has(key)) {
      this.sameness.set(key, undefined as never);
      const known = (same: Sameness) => {
        this.sameness.set(key, same);
        this.again();
      };
      // Images that cannot be read again are not shown either.
      compare(job, now.viewport.getImageIds()).then(known, () => this.sameness.delete(key));
    }
    return this.sameness.get(key);
  }

  private remove(job: string): void {
    if (this.drawn?.job !== job) return;
    this.labelmaps.remove(job);
    this.drawn = undefined;
    this.hidden.clear();
  }

  /** One labelmap is laid at a time. */
  private async alone(work: () => Promise<void>): Promise<void> {
    this.making = true;
    try {
      await work();
    } finally {
      this.making = false;
    }
  }

  private async begin(job: Job, now: Active): Promise<void> {
    const id = this.labelmaps.give(job.id, now);
    // What another run of the job, or another layout, left in it is drawn anew.
    for (const { voxels } of sectionsOf(id, job)) voxels.fill(0);
    await this.labelmaps.lay(id, now);
    this.name(id, job, now.viewportId);
    this.applyHidden(now.viewportId, id);
  }

  /** A segment for each lesion that was measured: each can be hidden and locked alone. */
  private name(id: string, job: Job, viewportId: string): void {
    const { segmentationService } = this.host.servicesManager.services;
    const segments = tools().segmentation.state.getSegmentation(id)?.segments ?? {};
    for (const { number } of job.lesions ?? []) {
      if (!segments[number]) {
        const label = strings.lesion(number);
        segmentationService.addSegment(id, { segmentIndex: number, label, locked: true, isLocked: true });
        segmentationService.setActiveSegment(id, 1);
      }
      segmentationService.setSegmentColor(viewportId, id, number, COLOUR);
    }
  }

  private applyHidden(viewportId: string, id: string): void {
    for (const [lesion, { visible }] of marksOf(this.host, viewportId, id)) {
      const wanted = !this.hidden.has(lesion);
      if (visible !== wanted)
        this.host.servicesManager.services.segmentationService.setSegmentVisibility(viewportId, id, lesion, wanted);
    }
  }

  private fill(id: string, job: Job, viewportId: string): void {
    if (!this.drawn) return;
    if (job.lesions && !this.drawn.numbered) {
      this.name(id, job, viewportId);
      this.drawn.numbered = true;
      if (job.lesions.length > 1) this.drawn.sections.clear();
    }
    const stale = [...job.masks].some(([section, mask]) => this.drawn?.sections.get(section) !== mask);
    if (!stale) return;
    const labels = numbered(job);
    for (const { section, image, voxels } of sectionsOf(id, job)) {
      const mask = job.masks.get(section);
      if (!mask || this.drawn.sections.get(section) === mask) continue;
      if (voxels.length !== mask.rows * mask.columns) continue;
      voxels.set(labels?.get(section) ?? unpackBits(mask.bits, voxels.length));
      image.voxelManager.setScalarData?.(voxels);
      this.drawn.sections.set(section, mask);
    }
    tools().segmentation.triggerSegmentationEvents.triggerSegmentationDataModified(id);
  }
}
