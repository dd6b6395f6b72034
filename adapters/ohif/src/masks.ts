/** The masks of a job as a labelmap of the host, filled section by section while the box works; a segment for each lesion. */

import type { Lesion } from "@cordline/sdk";
import type { Kind } from "./brush";
import { Correction, type WholeMask } from "./correction";
import { active, cornerstone, type Host, type LesionMark, tools } from "./host";
import { sectionOfImage, sectionsOf } from "./images";
import { isRunning, type Job } from "./job";
import { goTo } from "./jump";
import type { Seen, View } from "./known";
import { COLOUR, Labelmaps } from "./labelmaps";
import { Overlay } from "./overlay";
import { compare, type Sameness } from "./pixels";
import { strings } from "./strings";
import { isOf, type Shown, shownIn } from "./viewports";
import { Voxels } from "./voxels";

interface Drawn {
  job: string;
  overlay: Overlay;
  voxels: Voxels;
  jumped: boolean;
}

/** Draws the masks of one job at a time; what was drawn stays until another job comes. */
export class Masks {
  private drawn: Drawn | undefined;
  private making = false;
  /** The job whose mask a reader is correcting: nothing but their brush changes it. */
  private corrected: string | undefined;
  /** Whether images are those of a job, by display set and digest. */
  private readonly sameness = new Map<string, Sameness>();
  /** Lesions that the reader hid: every view shows them hidden. */
  private readonly hidden = new Set<number>();
  private view: View = { outline: true, opacity: 1, hidden: false };
  private readonly correction: Correction;
  private readonly labelmaps: Labelmaps;

  /** `refuse` is told of a job whose images are others; `again` whenever a job may be drawn that could not before. */
  constructor(
    private readonly host: Host,
    private readonly refuse: (job: string) => void,
    private readonly again: () => void,
  ) {
    this.correction = new Correction(host);
    this.labelmaps = new Labelmaps(host);
  }

  /** Has a labelmap lie ready over the images that are looked at, where they may be analysed. */
  async prepare(): Promise<void> {
    const now = active(this.host);
    if (!now || now.viewport.type === "volume3d" || this.making || !this.labelmaps.wanted(now)) return;
    await this.alone(() => this.labelmaps.prepare(now));
    // A job may have come meanwhile.
    this.again();
  }

  /** Nothing is drawn, and nothing lies ready. */
  clear(): void {
    if (this.drawn) this.remove(this.drawn.job);
    this.labelmaps.discard();
  }

  /** Draws what is new of a job in every view of the images that it is about; nothing on any others. */
  async draw(job: Job, view: View): Promise<void> {
    this.view = view;
    const views = this.viewsOf(job);
    const [first] = views;
    if (!first || !job.grid || this.making) return;
    if (job.state === "cancelled" || job.state === "failed") {
      // Half a mask without an answer would pass for a result.
      this.remove(job.id);
      return;
    }
    // The box has just read the images of a running job, so its masks are drawn at once; they are compared at its end.
    const same = isRunning(job) ? undefined : this.compared(job, first);
    if (same === "other") {
      this.remove(job.id);
      this.refuse(job.id);
      return;
    }
    if (!same && !isRunning(job)) return;
    if (this.drawn?.job !== job.id || this.isUnloaded(job)) {
      await this.alone(() => this.begin(job, first));
      // With what came meanwhile.
      this.again();
      return;
    }
    const { drawn } = this;
    // Whoever waits is shown where the first lesion appears; whoever comes later, or corrects, stays where they are.
    const begun = [...job.masks].find(([, mask]) => mask.bits.some(Boolean));
    if (begun && !drawn.jumped && job.state === "segmenting") {
      drawn.jumped = true;
      // Before the mask is filled in: the host gives an image's labelmap its colours only with the next frame, and to draw it
      // without them first costs it another program of its graphics card.
      await this.showSection(job, begun[0]);
      // Another job may have been drawn over it meanwhile.
      if (this.drawn !== drawn) return;
    }
    this.name(job);
    await drawn.overlay.lay(views, this.paint(job));
    drawn.overlay.leave(shownIn(this.host).filter((shown) => !isOf(job, shown)));
    if (this.corrected !== job.id) drawn.voxels.fill(drawn.overlay.id, job);
    drawn.overlay.show(views, (lesion) => !view.hidden && !this.hidden.has(lesion));
  }

  /** Shows a lesion's centre in every view. */
  async goTo(job: Job, lesion: Lesion): Promise<void> {
    await goTo(this.host, job, lesion.centre_lps_mm);
  }

  /** How each lesion stands in the views, by looking at them: none where its images are not shown. */
  marks(job: Job): ReadonlyMap<number, LesionMark> {
    const overlay = this.drawn?.job === job.id ? this.drawn.overlay : undefined;
    const fit = this.viewsOf(job).filter(({ kind }) => kind !== "rendering");
    const marks = new Map<number, LesionMark>();
    if (!overlay || fit.length === 0) return marks;
    const seen = this.seen(job);
    const lost = seen === "lost" || seen === "coming";
    const segments = tools().segmentation.state.getSegmentation(overlay.id)?.segments ?? {};
    for (const [text, { locked }] of Object.entries(segments)) {
      const number = Number(text);
      const visible = fit.some(({ viewportId }) => overlay.segments(viewportId)?.[number]?.visible);
      marks.set(number, { locked, visible, lost });
    }
    return marks;
  }

  /** How the masks of a job stand in the viewer, by looking at it. */
  seen(job: Job): Seen {
    const views = this.viewsOf(job);
    if (this.drawn?.job !== job.id || job.lesions?.length === 0) return "none";
    if (views.length > 0 && this.corrected !== job.id && !this.drawn.voxels.are(this.drawn.overlay.id, job))
      return "lost";
    return this.drawn.overlay.seen(views);
  }

  /** Shows a lesion, or hides it. */
  show(job: Job, lesion: number, visible: boolean): void {
    if (visible) this.hidden.delete(lesion);
    else this.hidden.add(lesion);
    if (this.drawn?.job !== job.id) return;
    this.drawn.overlay.show(this.viewsOf(job), (one) => !this.view.hidden && !this.hidden.has(one));
    this.again();
  }

  /** Keeps the host's brush from a lesion, or lets it. */
  lock(job: Job, lesion: number, locked: boolean): void {
    this.correction.lock(this.labelmaps.of(job.id), lesion, locked);
  }

  /** Lets the reader's brush change the masks, or not any more. */
  unlock(job: Job, open: boolean): void {
    this.corrected = open ? job.id : undefined;
    this.correction.open(this.labelmaps.of(job.id), open);
  }

  /** Puts the host's own brush or eraser into the reader's hand; `mm`: how wide it is. */
  take(job: Job, kind: Kind, mm: number): void {
    this.correction.take(this.labelmaps.of(job.id), kind, mm);
  }

  /** Draws the mask anew as the box said it, whatever the brush did. */
  restore(job: Job): void {
    if (this.drawn?.job !== job.id) return;
    this.drawn.voxels.forget();
    this.drawn.voxels.fill(this.drawn.overlay.id, job);
  }

  /** The mask as it is now, after a reader's brush; `undefined` where it is not drawn whole. */
  mask(job: Job): WholeMask | undefined {
    return this.correction.mask(this.labelmaps.of(job.id), job);
  }

  private viewsOf(job: Job): Shown[] {
    return shownIn(this.host).filter((shown) => isOf(job, shown));
  }

  /** While nothing is measured yet: the active view alone, image by image. */
  private async showSection(job: Job, section: number): Promise<void> {
    const now = active(this.host);
    if (!now || !isOf(job, now)) return;
    const imageIndex = now.viewport.getImageIds().findIndex((id) => sectionOfImage(job, id) === section);
    if (imageIndex >= 0 && now.viewport.type === "stack")
      await cornerstone().utilities.jumpToSlice(now.viewport.element, { imageIndex });
  }

  private compared(job: Job, { displaySet, viewport }: Shown): Sameness | undefined {
    const key = `${displaySet.displaySetInstanceUID} ${job.grid?.pixel_sha256}`;
    if (!this.sameness.has(key)) {
      this.sameness.set(key, undefined as never);
      const known = (same: Sameness) => {
        this.sameness.set(key, same);
        this.again();
      };
      // Images that cannot be read again are not shown either.
      compare(job, viewport.getImageIds()).then(known, () => this.sameness.delete(key));
    }
    return this.sameness.get(key);
  }

  /** True where the host has dropped the labelmap, or the images of it. */
  private isUnloaded(job: Job): boolean {
    return this.drawn?.job === job.id && sectionsOf(this.drawn.overlay.id, job).next().done === true;
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

  private async begin(job: Job, first: Shown): Promise<void> {
    // Two masks over each other would be none. What a reader has begun to correct is kept for when they come back.
    if (this.drawn && this.drawn.job !== job.id) {
      if (this.drawn.job === this.corrected) this.labelmaps.leave(this.drawn.job);
      else this.remove(this.drawn.job);
    }
    const id = this.labelmaps.give(job.id, first);
    await this.labelmaps.make(id, first.displaySet);
    // What another run of the job left in it is drawn anew.
    if (this.corrected !== job.id) for (const { voxels } of sectionsOf(id, job)) voxels.fill(0);
    this.drawn = { job: job.id, overlay: new Overlay(this.host, id), voxels: new Voxels(), jumped: false };
  }

  /** Edges in full, or the inside: what is chosen for the masks of all studies. */
  private paint(job: Job) {
    const lesions = [1, ...(job.lesions ?? []).map(({ number }) => number)];
    const { outline, opacity } = this.view;
    const alpha = outline ? Math.round(255 * opacity) : 255;
    const colours = new Map(lesions.map((number) => [number, [COLOUR[0], COLOUR[1], COLOUR[2], alpha] as const]));
    return { colours, outline: true, fill: outline ? 0 : opacity };
  }

  /** A segment for each lesion that was measured: each can be hidden and locked alone. */
  private name(job: Job): void {
    if (!this.drawn) return;
    const { id } = this.drawn.overlay;
    const { segmentationService } = this.host.servicesManager.services;
    const segments = tools().segmentation.state.getSegmentation(id)?.segments ?? {};
    for (const { number } of job.lesions ?? []) {
      if (segments[number]) continue;
      const label = strings.lesion(number);
      segmentationService.addSegment(id, { segmentIndex: number, label, locked: true, isLocked: true });
      segmentationService.setActiveSegment(id, 1);
    }
  }
}
