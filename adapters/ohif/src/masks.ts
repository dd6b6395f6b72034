/** Draws the masks of a job as a labelmap, section by section while the job runs; each lesion is a segment. */

import type { BrushKind } from "./brush";
import { type Comparison, comparePixels } from "./comparePixels";
import { Correction, type VolumeMask } from "./correction";
import { labelmapSections, sectionOfImage } from "./images";
import { isRunning, type Job } from "./job";
import { LabelmapPool, LESION_COLOUR } from "./labelmapPool";
import { MaskWriter } from "./maskWriter";
import { activeViewport, cornerstone, cornerstoneTools, type ExtensionParams, type LesionStatus } from "./ohifServices";
import { Overlay, type OverlayStyle } from "./overlay";
import type { DisplayOptions, OverlayStatus } from "./state";
import { strings } from "./strings";
import { Strokes } from "./strokes";
import { listViewports, showsJob, type ViewportInfo } from "./viewports";

interface DrawnJob {
  job: string;
  overlay: Overlay;
  writer: MaskWriter;
  /** True once the viewport was moved to the first section with a lesion. */
  hasJumped: boolean;
}

/** Draws one job at a time, which stays until another is drawn. */
export class Masks {
  private drawn: DrawnJob | undefined;
  /** True while a labelmap is being created: one at a time. */
  private isCreating = false;
  /** By job whose mask is being corrected: nothing but the brush changes it. The reader may leave one open and correct another. */
  private readonly strokes = new Map<string, Strokes>();
  /** By display set and digest; `undefined` while the comparison runs. */
  private readonly comparisons = new Map<string, Comparison | undefined>();
  /** Lesions that the reader hid, in all viewports. */
  private readonly hiddenLesions = new Set<number>();
  private display: DisplayOptions = { outline: true, opacity: 1, hidden: false };
  private readonly correction: Correction;
  private readonly labelmaps: LabelmapPool;

  /** `onMismatch`: the images are not those of the job. `requestDraw`: `draw` is to be called again. */
  constructor(
    private readonly ohif: ExtensionParams,
    private readonly onMismatch: (job: string) => void,
    private readonly requestDraw: () => void,
  ) {
    this.correction = new Correction(ohif);
    this.labelmaps = new LabelmapPool(ohif);
  }

  /** Creates a spare labelmap for the active images if they may be analysed. */
  async prepare(): Promise<void> {
    const active = activeViewport(this.ohif);
    if (!active || active.viewport.type === "volume3d" || this.isCreating || !this.labelmaps.needsSpare(active)) return;
    await this.creating(() => this.labelmaps.prepareSpare(active));
    // A job may have started meanwhile.
    this.requestDraw();
  }

  /** Removes the mask and the spare labelmap. */
  clear(): void {
    if (this.drawn) this.remove(this.drawn.job);
    this.labelmaps.discardSpare();
  }

  /** Draws what is new of a job in every viewport of its images, and on no others. */
  async draw(job: Job, display: DisplayOptions): Promise<void> {
    this.display = display;
    const viewports = this.viewportsOf(job);
    const [first] = viewports;
    if (!first || !job.grid || this.isCreating) return;
    if (job.state === "cancelled" || job.state === "failed") {
      // An incomplete mask could be taken for a result.
      this.remove(job.id);
      return;
    }
    // The daemon has just read the images of a running job: its masks are drawn at once, and compared at the end.
    const comparison = isRunning(job) ? undefined : this.compare(job, first);
    if (comparison === "different") {
      this.remove(job.id);
      this.onMismatch(job.id);
      return;
    }
    if (!comparison && !isRunning(job)) return;
    if (this.drawn?.job !== job.id || this.isUnloaded(job)) {
      await this.creating(() => this.start(job, first));
      // Events may have come meanwhile.
      this.requestDraw();
      return;
    }
    const { drawn } = this;
    // Only for a reader who waits for the job: later, or during a correction, the viewport stays where it is.
    const firstMask = [...job.masks].find(([, mask]) => mask.bits.some(Boolean));
    if (firstMask && !drawn.hasJumped && job.state === "segmenting") {
      drawn.hasJumped = true;
      // Before the mask is written: OHIF sets a labelmap image's colours in the next frame only, and drawing it without them first
      // compiles a second shader.
      await this.showSection(job, firstMask[0]);
      // Another job may have been drawn meanwhile.
      if (this.drawn !== drawn) return;
    }
    this.addSegments(job);
    await drawn.overlay.apply(viewports, this.style(job));
    if (this.drawn !== drawn) return;
    drawn.overlay.removeFrom(listViewports(this.ohif).filter((viewport) => !showsJob(job, viewport)));
    if (this.strokes.has(job.id)) this.keepStrokes(job);
    else drawn.writer.write(drawn.overlay.id, job);
    // As the reader wants it now: they may have hidden all while the overlay was added.
    drawn.overlay.show(viewports, (lesion) => !this.display.hidden && !this.hiddenLesions.has(lesion));
    drawn.overlay.repeat(viewports);
  }

  /** By lesion number, as read from the viewports; empty if none of them can show the job. */
  lesionStatus(job: Job): ReadonlyMap<number, LesionStatus> {
    const overlay = this.drawn?.job === job.id ? this.drawn.overlay : undefined;
    const supported = this.viewportsOf(job).filter(({ kind }) => kind !== "rendering");
    const found = new Map<number, LesionStatus>();
    if (!overlay || supported.length === 0) return found;
    const status = this.status(job);
    const lost = status === "lost" || status === "pending";
    const segments = cornerstoneTools().segmentation.state.getSegmentation(overlay.id)?.segments ?? {};
    for (const [key, { locked }] of Object.entries(segments)) {
      const number = Number(key);
      const visible = supported.some(({ viewportId }) => overlay.segments(viewportId)?.[number]?.visible);
      found.set(number, { locked, visible, lost });
    }
    return found;
  }

  /** Whether the masks of a job are drawn, as read from the viewports. */
  status(job: Job): OverlayStatus {
    const viewports = this.viewportsOf(job);
    if (this.drawn?.job !== job.id || job.lesions?.length === 0) return "none";
    const { overlay, writer } = this.drawn;
    if (viewports.length > 0 && !this.strokes.has(job.id) && !writer.isIntact(overlay.id, job)) return "lost";
    return overlay.status(viewports);
  }

  setLesionVisible(job: Job, lesion: number, visible: boolean): void {
    if (visible) this.hiddenLesions.delete(lesion);
    else this.hiddenLesions.add(lesion);
    if (this.drawn?.job !== job.id) return;
    const isVisible = (one: number) => !this.display.hidden && !this.hiddenLesions.has(one);
    this.drawn.overlay.show(this.viewportsOf(job), isVisible);
    this.requestDraw();
  }

  /** Protects a lesion from OHIF's brush, or gives it free. */
  setLesionLocked(job: Job, lesion: number, locked: boolean): void {
    this.correction.lock(this.labelmaps.idOf(job.id), lesion, locked);
  }

  /** Starts or ends the correction of a job's mask. */
  setEditable(job: Job, editable: boolean): void {
    if (editable) this.strokes.set(job.id, new Strokes());
    else this.strokes.delete(job.id);
    this.correction.setEditable(this.labelmaps.idOf(job.id), editable);
    this.keepStrokes(job);
  }

  setBrush(job: Job, kind: BrushKind, diameterMm: number): void {
    this.correction.chooseBrush(kind, diameterMm);
    this.holdBrush(job);
  }

  /** Has the active viewport paint on the mask of a job that is being corrected; else the brush is put away. */
  holdBrush(job: Job | undefined): void {
    this.correction.holdBrush(job && this.strokes.has(job.id) ? this.labelmaps.idOf(job.id) : undefined);
  }

  /** Undoes the correction: writes the mask of the job again. */
  restore(job: Job): void {
    if (this.drawn?.job !== job.id) return;
    this.drawn.writer.invalidate();
    this.drawn.writer.write(this.drawn.overlay.id, job);
  }

  /** The corrected mask; `undefined` if not all of it is loaded, or is being loaded again. */
  readMask(job: Job): VolumeMask | undefined {
    if (this.isCreating || this.drawn?.job !== job.id) return undefined;
    return this.correction.readMask(this.labelmaps.idOf(job.id), job);
  }

  private viewportsOf(job: Job): ViewportInfo[] {
    return listViewports(this.ohif).filter((viewport) => showsJob(job, viewport));
  }

  /** In the active viewport, if it is a stack. */
  private async showSection(job: Job, section: number): Promise<void> {
    const active = activeViewport(this.ohif);
    if (!active || !showsJob(job, active)) return;
    const imageIndex = active.viewport.getImageIds().findIndex((id) => sectionOfImage(job, id) === section);
    if (imageIndex >= 0 && active.viewport.type === "stack")
      await cornerstone().utilities.jumpToSlice(active.viewport.element, { imageIndex });
  }

  /** Starts the comparison on the first call; `undefined` until it has ended. */
  private compare(job: Job, { displaySet, viewport }: ViewportInfo): Comparison | undefined {
    const key = `${displaySet.displaySetInstanceUID} ${job.grid?.pixel_sha256}`;
    if (!this.comparisons.has(key)) {
      this.comparisons.set(key, undefined);
      const onResult = (comparison: Comparison) => {
        this.comparisons.set(key, comparison);
        this.requestDraw();
      };
      // Images that cannot be read are compared again later: they are not shown either.
      comparePixels(job, viewport.getImageIds()).then(onResult, () => this.comparisons.delete(key));
    }
    return this.comparisons.get(key);
  }

  /** True if OHIF removed the labelmap, or Cornerstone evicted its images. */
  private isUnloaded(job: Job): boolean {
    return this.drawn?.job === job.id && labelmapSections(this.drawn.overlay.id, job).next().done === true;
  }

  private remove(job: string): void {
    if (this.drawn?.job !== job) return;
    this.drawn.overlay.withdraw();
    this.labelmaps.dispose(job);
    this.drawn = undefined;
    this.hiddenLesions.clear();
  }

  private async creating(work: () => Promise<void>): Promise<void> {
    this.isCreating = true;
    try {
      await work();
    } finally {
      this.isCreating = false;
    }
  }

  private async start(job: Job, first: ViewportInfo): Promise<void> {
    // Two masks over each other could not be told apart. An unfinished correction is kept for when the reader comes back.
    if (this.drawn && this.drawn.job !== job.id) {
      if (this.strokes.has(this.drawn.job)) this.labelmaps.hide(this.drawn.job);
      else this.remove(this.drawn.job);
    }
    const id = this.labelmaps.assign(job.id, first);
    await this.labelmaps.create(id, first.displaySet);
    // The labelmap may hold the mask of an earlier run of the job.
    if (!this.strokes.has(job.id)) for (const { voxels } of labelmapSections(id, job)) voxels.fill(0);
    this.drawn = { job: job.id, overlay: new Overlay(this.ohif, id), writer: new MaskWriter(), hasJumped: false };
    if (!this.strokes.has(job.id)) return;
    this.addSegments(job);
    this.keepStrokes(job);
  }

  /** Copies the strokes of a correction, and puts them back into a labelmap that was made anew. */
  private keepStrokes(job: Job): void {
    const id = this.labelmaps.idOf(job.id);
    const locked = this.strokes.get(job.id)?.keep(id, job);
    if (locked) this.correction.lockOnly(id, locked);
  }

  /** The opacity applies to the outline or to the inside, whichever is displayed. */
  private style(job: Job): OverlayStyle {
    const lesions = [1, ...(job.lesions ?? []).map(({ number }) => number)];
    const { outline, opacity } = this.display;
    const [r, g, b] = LESION_COLOUR;
    const alpha = outline ? Math.round(255 * opacity) : 255;
    const colours = new Map(lesions.map((number) => [number, [r, g, b, alpha] as const]));
    return { colours, outline: true, fill: outline ? 0 : opacity };
  }

  /** Adds a segment for each lesion, so that each can be hidden and locked by itself. */
  private addSegments(job: Job): void {
    if (!this.drawn) return;
    const { id } = this.drawn.overlay;
    const { segmentationService } = this.ohif.servicesManager.services;
    const segments = cornerstoneTools().segmentation.state.getSegmentation(id)?.segments ?? {};
    for (const { number } of job.lesions ?? []) {
      if (segments[number]) continue;
      const label = strings.lesion(number);
      segmentationService.addSegment(id, { segmentIndex: number, label, locked: true, isLocked: true });
      segmentationService.setActiveSegment(id, 1);
    }
  }
}
