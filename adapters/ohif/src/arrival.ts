/** Opening a study that was analysed: its series hangs first, at the largest lesion; never against a reader who has begun to read. */

import { active, type Host, openSeries } from "./host";
import type { Job } from "./job";
import { goTo } from "./jump";
import { isOf, shownIn } from "./viewports";

/** What a reader does over the images or with their list. Keys that the panel keeps never come this far. */
const READING = ["pointerdown", "wheel", "keydown"] as const;
const PLACES = "[data-cy=viewport-grid], [data-cy=viewport-pane], [data-cy^=study-browser-thumbnail]";

const CALM_MS = 500;

export class Arrival {
  /** True once the reader has touched the viewer since the study was opened. */
  private isRead = false;
  private study: string | undefined;
  private done: string | undefined;
  private opened: string | undefined;
  private times = 0;
  /** Since when each look has found the viewport at rest. */
  private calmSince: number | undefined;
  private hanging = false;

  constructor(private readonly host: Host) {
    const touched = ({ target, type }: Event) => {
      const isKey = type === "keydown" && target === document.body;
      if (isKey || (target instanceof Element && target.closest(PLACES))) this.isRead = true;
    };
    for (const kind of READING) document.addEventListener(kind, touched, { capture: true, passive: true });
  }

  /** Another study is looked at: whoever opens it has not read it yet. */
  look(study: string): void {
    if (study === this.study) return;
    this.study = study;
    this.isRead = false;
    this.opened = undefined;
    this.done = undefined;
    this.times = 0;
    this.calmSince = undefined;
  }

  /** Hangs a job's images, as far as they are there yet. Call it again with each change; true once nothing is left to do. */
  async hang(job: Job): Promise<boolean> {
    if (this.hanging) return false;
    this.hanging = true;
    try {
      return await this.hangNow(job);
    } finally {
      this.hanging = false;
    }
  }

  private async hangNow(job: Job): Promise<boolean> {
    if (this.isRead || this.done === job.id) return true;
    const { series, lesions, state } = job;
    if (state !== "completed" || !series?.uid || !lesions) return false;
    // A viewer that is still busy with its first images, or with these, is not disturbed: it would mix up their cameras.
    const now = performance.now();
    this.calmSince = active(this.host)?.viewport.viewportStatus === "rendered" ? (this.calmSince ?? now) : undefined;
    if (this.calmSince === undefined || now - this.calmSince < CALM_MS) return false;
    const isShown = shownIn(this.host).some((shown) => isOf(job, shown));
    if (!isShown) {
      // Asked for once: what the viewer cannot show is not asked for again and again.
      if (this.opened !== job.id) openSeries(this.host, series.uid);
      this.opened = job.id;
      this.calmSince = undefined;
      return false;
    }
    const [largest] = lesions;
    // Twice: the host sets a stack that it has just loaded to an image of its own.
    const isLast = this.times++ > 0;
    if (isLast) this.done = job.id;
    if (largest) await goTo(this.host, job, largest.centre_lps_mm);
    return isLast;
  }
}
