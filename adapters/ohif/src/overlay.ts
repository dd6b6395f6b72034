/** A segmentation of ours over the images: laid in every view that can draw it, in our colours, and looked at afterwards. */

import { type Host, tools } from "./host";
import type { Seen } from "./known";
import type { Shown } from "./viewports";

export type Colour = readonly [red: number, green: number, blue: number, alpha: number];

/** How it is drawn: a colour for each segment, 0 to 255; edges, and how dense the inside is, 0 to 1. */
export interface Paint {
  colours: ReadonlyMap<number, Colour>;
  outline: boolean;
  fill: number;
}

/** The host mounts what is laid with one of its next frames: before these, and this time, it is not lost. */
const PATIENCE_MS = 2500;
const PATIENCE_FRAMES = 12;
const REDRAWS = 3;
const LABELMAP = "Labelmap";
const OUTLINE_PX = 2;
/** The host draws no segment whose inside it is told not to draw; this little is not seen. */
const CLEAR = 0.001;

interface Missing {
  since: number;
  /** Frames that the page has drawn since. */
  frames: number;
  tries: number;
}

export class Overlay {
  /** Since when each view lacks it, and how often it was laid anew. */
  private readonly missing = new Map<string, Missing>();
  /** How often each view was drawn anew since the host mounted it there. */
  private readonly redrawn = new Map<string, number>();
  private styled = "";
  private laying = false;

  constructor(
    private readonly host: Host,
    readonly id: string,
  ) {}

  /** Lays it in each view that has not got it, and paints it there. Where it cannot be drawn it is taken away. */
  async lay(views: readonly Shown[], paint: Paint): Promise<void> {
    if (this.laying || !tools().segmentation.state.getSegmentation(this.id)) return;
    this.laying = true;
    try {
      this.style(paint);
      for (const view of views) {
        if (view.kind === "rendering") this.strip(view.viewportId);
        else {
          if (this.isOverdue(view)) this.strip(view.viewportId);
          if (!this.representation(view.viewportId)) await this.add(view.viewportId);
          this.colour(view.viewportId, paint);
          this.redraw(view);
        }
      }
    } finally {
      this.laying = false;
    }
  }

  /** Takes it off views of other images: the host lays it over all that share a frame of reference. */
  leave(others: readonly Shown[]): void {
    for (const { viewportId } of others) this.strip(viewportId);
  }

  /** Takes it off a view. */
  strip(viewportId: string): void {
    const of = { segmentationId: this.id };
    if (tools().segmentation.state.getSegmentationRepresentations(viewportId, of).length > 0)
      tools().segmentation.removeSegmentationRepresentations(viewportId, of);
  }

  /** Which segments a view shows or hides; `undefined` where it has not got it. */
  segments(viewportId: string): Record<number, { visible: boolean }> | undefined {
    return this.representation(viewportId)?.segments;
  }

  /** Shows or hides segments in every view. */
  show(views: readonly Shown[], isVisible: (segment: number) => boolean): void {
    const { segmentationService } = this.host.servicesManager.services;
    for (const { viewportId } of views) {
      for (const [text, { visible }] of Object.entries(this.segments(viewportId) ?? {})) {
        const segment = Number(text);
        if (visible !== isVisible(segment))
          segmentationService.setSegmentVisibility(viewportId, this.id, segment, !visible);
      }
    }
  }

  /** True where a view draws it: the host has mounted it. */
  isDrawn({ viewportId, viewport }: Shown): boolean {
    if (!this.representation(viewportId)) return false;
    return viewport
      .getActors()
      .some(({ representationUID }) => representationUID?.startsWith(`${this.id}-${LABELMAP}`));
  }

  /** How it stands in the views, by looking at them. */
  seen(views: readonly Shown[]): Seen {
    if (views.length === 0) return "none";
    const fit = views.filter(({ kind }) => kind !== "rendering");
    if (fit.length === 0) return "unfit";
    const absent = fit.filter((view) => !this.isDrawn(view));
    if (absent.some(({ viewportId }) => (this.missing.get(viewportId)?.tries ?? 0) > 0)) return "lost";
    if (absent.length > 0) return "coming";
    const visible = fit.some(({ viewportId }) => Object.values(this.segments(viewportId) ?? {}).some((s) => s.visible));
    return visible ? "drawn" : "hidden";
  }

  private representation(viewportId: string) {
    const of = { segmentationId: this.id };
    const all = tools().segmentation.state.getSegmentationRepresentations(viewportId, of);
    return all.find(({ type }) => type === LABELMAP);
  }

  private add(viewportId: string): Promise<void> {
    const { segmentationService } = this.host.servicesManager.services;
    return segmentationService.addSegmentationRepresentation(viewportId, { segmentationId: this.id, type: LABELMAP });
  }

  /** True where the host should have drawn it by now, and has not: it is to be laid anew, each time after a longer wait. */
  private isOverdue(view: Shown): boolean {
    if (this.isDrawn(view)) {
      this.missing.delete(view.viewportId);
      return false;
    }
    let missing = this.missing.get(view.viewportId);
    if (!missing) {
      missing = begin(0);
      this.missing.set(view.viewportId, missing);
    }
    const { since, frames, tries } = missing;
    const isOverdue = performance.now() - since > PATIENCE_MS && frames >= PATIENCE_FRAMES * 2 ** tries;
    if (isOverdue) this.missing.set(view.viewportId, begin(tries + 1));
    return isOverdue;
  }

  /** The host may mount it without drawing the view again: it would come into sight with the reader's next move. */
  private redraw(view: Shown): void {
    const times = this.isDrawn(view) ? (this.redrawn.get(view.viewportId) ?? 0) : 0;
    if (this.isDrawn(view) && times < REDRAWS) view.viewport.render();
    this.redrawn.set(view.viewportId, this.isDrawn(view) ? times + 1 : 0);
  }

  /** Each view may have a table of colours of its own. */
  private colour(viewportId: string, { colours }: Paint): void {
    if (!this.representation(viewportId)) return;
    const { segmentationService } = this.host.servicesManager.services;
    for (const [segment, colour] of colours) {
      const is = tools().segmentation.config.color.getSegmentIndexColor(viewportId, this.id, segment);
      if (colour.some((part, i) => part !== is?.[i]))
        segmentationService.setSegmentColor(viewportId, this.id, segment, [...colour]);
    }
  }

  /** The same whether it is the host's active segmentation or not. */
  private style({ outline, fill }: Paint): void {
    const key = `${outline} ${fill}`;
    if (key === this.styled) return;
    this.styled = key;
    const fillAlpha = Math.max(fill, CLEAR);
    const plain = { renderOutline: outline, renderFill: true, fillAlpha, outlineWidth: OUTLINE_PX, outlineOpacity: 1 };
    const inactive = {
      renderOutlineInactive: outline,
      renderFillInactive: true,
      fillAlphaInactive: fillAlpha,
      outlineWidthInactive: OUTLINE_PX,
      outlineOpacityInactive: 1,
      activeSegmentOutlineWidthDelta: 0,
    };
    tools().segmentation.config.style.setStyle({ segmentationId: this.id, type: LABELMAP }, { ...plain, ...inactive });
  }
}

/** A view has not got it from now on; frames are counted for as long as they may be waited for. */
function begin(tries: number): Missing {
  const missing = { since: performance.now(), frames: 0, tries };
  const count = () => {
    missing.frames += 1;
    if (missing.frames < PATIENCE_FRAMES * 2 ** tries) requestAnimationFrame(count);
  };
  requestAnimationFrame(count);
  return missing;
}
