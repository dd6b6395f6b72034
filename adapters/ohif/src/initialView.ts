/** Shows the result of a study that was analysed before it was opened: its series, at the largest lesion. */

import type { Job } from "./job";
import { jumpToPoint } from "./jumpToPoint";
import { activeViewport, type ExtensionParams, openSeries } from "./ohifServices";
import { onReaderInput } from "./readerInput";
import { listViewports, showsJob } from "./viewports";

/** How long the viewport must have been rendered before it is changed. */
const SETTLE_MS = 500;

/** Never acts once the reader has touched the viewer: the view is theirs from then on. */
export class InitialView {
  private isTouched = false;
  private studyUid: string | undefined;
  private doneJob: string | undefined;
  /** The job whose series OHIF was asked to open. */
  private requestedJob: string | undefined;
  private jumps = 0;
  private renderedSince: number | undefined;
  private isBusy = false;

  constructor(private readonly ohif: ExtensionParams) {
    onReaderInput(() => this.leave(), "images");
  }

  /** The reader chose what to look at: nothing is moved any more. */
  leave(): void {
    this.isTouched = true;
  }

  /** Starts over if the study is another one. */
  setStudy(studyUid: string): void {
    if (studyUid === this.studyUid) return;
    this.studyUid = studyUid;
    this.isTouched = false;
    this.requestedJob = undefined;
    this.doneJob = undefined;
    this.jumps = 0;
    this.renderedSince = undefined;
  }

  /** Does the next step that is possible now; to be called with each change. Resolves to true once nothing is left to do. */
  async apply(job: Job): Promise<boolean> {
    if (this.isBusy) return false;
    this.isBusy = true;
    try {
      return await this.applyNow(job);
    } finally {
      this.isBusy = false;
    }
  }

  private async applyNow(job: Job): Promise<boolean> {
    if (this.isTouched || this.doneJob === job.id) return true;
    const { series, lesions, state } = job;
    if (state !== "completed" || !series?.uid || !lesions) return false;
    // OHIF mixes up cameras if the display set changes while it is still loading one.
    const now = performance.now();
    const isRendered = activeViewport(this.ohif)?.viewport.viewportStatus === "rendered";
    this.renderedSince = isRendered ? (this.renderedSince ?? now) : undefined;
    if (this.renderedSince === undefined || now - this.renderedSince < SETTLE_MS) return false;
    if (!listViewports(this.ohif).some((viewport) => showsJob(job, viewport))) {
      // Once: OHIF may be unable to show the series.
      if (this.requestedJob !== job.id) openSeries(this.ohif, series.uid);
      this.requestedJob = job.id;
      this.renderedSince = undefined;
      return false;
    }
    const [largest] = lesions;
    // Twice: OHIF sets a stack that it has just loaded to an image of its own choice.
    const isLast = this.jumps++ > 0;
    if (isLast) this.doneJob = job.id;
    if (largest) await jumpToPoint(this.ohif, job, largest.centre_lps_mm);
    return isLast;
  }
}
