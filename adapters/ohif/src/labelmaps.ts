/** The host's labelmaps that masks are drawn into: one a job, and one that lies ready for the next. */

import { type Active, cornerstone, type DisplaySet, type Host, tools } from "./host";
import { Overlay } from "./overlay";
import { retire, takeOff } from "./retire";
import { strings } from "./strings";
import { shownIn } from "./viewports";

/** The red in which our SEG draws a lesion, lightened for a dark ground. */
export const COLOUR = [255, 64, 64, 255] as const;

export class Labelmaps {
  /** Display set over which one lies already, empty, and waits for a job. */
  private ready: string | undefined;
  /** What each job got that found one ready. */
  private readonly given = new Map<string, string>();

  constructor(private readonly host: Host) {}

  /** True where images may be analysed, and no labelmap lies ready over them. */
  wanted({ displaySet }: Active): boolean {
    return displaySet.Modality === "MR" && this.ready !== displaySet.displaySetInstanceUID;
  }

  /**
   * Lays an empty labelmap over images, and takes away the one that lay ready over others. To lay and first draw one costs the host
   * up to a second, which passes now instead of between a click and the first mask.
   */
  async prepare(now: Active): Promise<void> {
    this.discard();
    const display = now.displaySet.displaySetInstanceUID;
    await this.make(ownId(display), now.displaySet);
    const views = shownIn(this.host).filter(({ viewportId }) => viewportId === now.viewportId);
    await new Overlay(this.host, ownId(display)).lay(views, {
      colours: new Map([[1, COLOUR]]),
      outline: true,
      fill: 0,
    });
    this.ready = display;
  }

  /** Id of the labelmap of a job. */
  of(job: string): string {
    return this.given.get(job) ?? ownId(job);
  }

  /** The labelmap in which a job is drawn from now on: the one that lies ready over its images, or one of its own. */
  give(job: string, { displaySet }: { displaySet: DisplaySet }): string {
    if (this.ready === displaySet.displaySetInstanceUID) {
      this.given.set(job, ownId(this.ready));
      this.ready = undefined;
    }
    this.discard();
    return this.of(job);
  }

  /** Has the host make a labelmap for images, where there is none. */
  async make(id: string, displaySet: DisplaySet): Promise<void> {
    const { segmentationService } = this.host.servicesManager.services;
    const has = tools().segmentation.state.getSegmentation(id);
    if (has?.representationData.Labelmap.imageIds.some((one) => cornerstone().cache.getImage(one))) return;
    // What has lost its images is of no use to anybody.
    if (has) segmentationService.remove(id);
    await segmentationService.createLabelmapForDisplaySet(displaySet, {
      segmentationId: id,
      label: strings.title,
      segments: { 1: { segmentIndex: 1, label: strings.lesion(1), locked: true, active: true, cachedStats: {} } },
    });
  }

  /** Takes the labelmap of a job off all views, and keeps it. */
  leave(job: string): void {
    takeOff(this.host, this.of(job));
  }

  /** Takes the labelmap of a job away. */
  remove(job: string): void {
    retire(this.host, this.of(job));
    this.given.delete(job);
  }

  /** Takes away what lay ready, and was not wanted. */
  discard(): void {
    if (this.ready) retire(this.host, ownId(this.ready));
    this.ready = undefined;
  }
}

/** One segmentation a job, or a display set; "1" is the host's own. */
function ownId(of: string): string {
  return `cordline-${of}`;
}
