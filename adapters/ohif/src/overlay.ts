/** A segmentation in all viewports that can draw it: adds the representation, sets its style, and checks that OHIF draws it. */

import { cornerstoneTools, type ExtensionParams, type Viewport } from "./ohifServices";
import type { OverlayStatus } from "./state";
import type { ViewportInfo } from "./viewports";

export type Colour = readonly [red: number, green: number, blue: number, alpha: number];

export interface OverlayStyle {
  /** By segment, 0 to 255. */
  colours: ReadonlyMap<number, Colour>;
  outline: boolean;
  /** Opacity of the inside, 0 to 1. */
  fill: number;
}

/** OHIF mounts a representation in one of its next frames: it counts as lost after both this time and these frames. */
const MOUNT_TIMEOUT_MS = 2500;
const MOUNT_TIMEOUT_FRAMES = 12;
const REDRAWS = 3;
/** How often in a row a viewport is asked to draw what it should show. */
const MAX_REPEATS = 40;
/** Relative; the opacities of a labelmap are kept in single precision. */
const OPACITY_TOLERANCE = 0.01;
const LABELMAP = "Labelmap";
const OUTLINE_PX = 2;
/** Invisible; with 0 Cornerstone would not draw the outline either. */
const MIN_FILL = 0.001;

interface PendingMount {
  since: number;
  /** Animation frames since then. */
  frames: number;
  /** How often the representation was added again. */
  retries: number;
}

export class Overlay {
  /** By viewport that does not draw the overlay yet. */
  private readonly pending = new Map<string, PendingMount>();
  /** How often each viewport was rendered since OHIF mounted the overlay. */
  private readonly redraws = new Map<string, number>();
  /** How often each viewport was asked to draw what it should show. */
  private readonly repeats = new Map<string, number>();
  private style: OverlayStyle | undefined;
  private styleKey = "";
  private isApplying = false;
  private isWithdrawn = false;

  constructor(
    private readonly ohif: ExtensionParams,
    /** Id of the segmentation. */
    readonly id: string,
  ) {}

  /** Adds the overlay to the viewports that lack it and sets its style in all of them; removes it from 3D renderings. */
  async apply(viewports: readonly ViewportInfo[], style: OverlayStyle): Promise<void> {
    if (this.isApplying || this.isWithdrawn || !cornerstoneTools().segmentation.state.getSegmentation(this.id)) return;
    this.isApplying = true;
    this.style = style;
    try {
      this.setStyle(style);
      for (const viewport of viewports) {
        if (viewport.kind === "rendering") this.remove(viewport.viewportId);
        else {
          if (this.isOverdue(viewport)) this.remove(viewport.viewportId);
          if (!this.representation(viewport.viewportId)) await this.add(viewport.viewportId);
          // Hidden by the reader meanwhile: what was just added was removed before it was there.
          if (this.isWithdrawn) return this.remove(viewport.viewportId);
          this.setColours(viewport.viewportId, style);
          this.redraw(viewport);
        }
      }
    } finally {
      this.isApplying = false;
    }
  }

  /** To be called before its segmentation is disposed of: an `apply` that is under way adds nothing more. */
  withdraw(): void {
    this.isWithdrawn = true;
  }

  /** Removes the overlay from viewports of other images: OHIF adds it to all that share a frame of reference. */
  removeFrom(viewports: readonly ViewportInfo[]): void {
    for (const { viewportId } of viewports) this.remove(viewportId);
  }

  private remove(viewportId: string): void {
    const of = { segmentationId: this.id };
    if (cornerstoneTools().segmentation.state.getSegmentationRepresentations(viewportId, of).length > 0)
      cornerstoneTools().segmentation.removeSegmentationRepresentations(viewportId, of);
  }

  /** Visibility of the segments in a viewport; `undefined` if the overlay is not in it. */
  segments(viewportId: string): Record<number, { visible: boolean }> | undefined {
    return this.representation(viewportId)?.segments;
  }

  /** Shows or hides segments in viewports. */
  show(viewports: readonly ViewportInfo[], isVisible: (segment: number) => boolean): void {
    const { segmentationService } = this.ohif.servicesManager.services;
    for (const { viewportId } of viewports) {
      for (const [key, { visible }] of Object.entries(this.segments(viewportId) ?? {})) {
        const segment = Number(key);
        if (visible !== isVisible(segment))
          segmentationService.setSegmentVisibility(viewportId, this.id, segment, !visible);
      }
    }
  }

  /**
   * Has Cornerstone draw anew where a viewport shows other segments, or shows them otherwise, than was set: its queue of segmentations to
   * draw stops at one that is in no viewport, and whatever was set last stays undone until the next change. To be called with each poll.
   */
  repeat(viewports: readonly ViewportInfo[]): void {
    for (const { viewportId, viewport } of viewports) {
      const repeats = this.repeats.get(viewportId) ?? 0;
      if (!this.isStale(viewportId, viewport)) this.repeats.delete(viewportId);
      else if (repeats < MAX_REPEATS) {
        this.repeats.set(viewportId, repeats + 1);
        const { triggerSegmentationEvents } = cornerstoneTools().segmentation;
        triggerSegmentationEvents.triggerSegmentationRepresentationModified(viewportId, this.id, LABELMAP);
        // One at a time: each draws all that waits in its viewport, and a slow computer draws one a frame.
        return;
      }
    }
  }

  /** True if a viewport draws segments with another opacity than they should have. */
  private isStale(viewportId: string, viewport: Viewport): boolean {
    const { style } = this;
    const segments = Object.entries(this.segments(viewportId) ?? {});
    return this.actors(viewport).some(({ actor }) => {
      const drawn = actor.getProperty().getScalarOpacity?.();
      return segments.some(([key, { visible }]) => {
        const colour = style?.colours.get(Number(key));
        if (!drawn || !style || !colour) return false;
        const opacity = visible ? (colour[3] / 255) * Math.max(style.fill, MIN_FILL) : 0;
        return Math.abs(drawn.getValue(Number(key)) - opacity) > OPACITY_TOLERANCE * opacity;
      });
    });
  }

  private actors(viewport: Viewport) {
    const prefix = `${this.id}-${LABELMAP}`;
    return viewport.getActors().filter(({ representationUID }) => representationUID?.startsWith(prefix));
  }

  /** True if OHIF has mounted the overlay in a viewport. */
  private isDrawn({ viewportId, viewport }: ViewportInfo): boolean {
    return this.representation(viewportId) !== undefined && this.actors(viewport).length > 0;
  }

  status(viewports: readonly ViewportInfo[]): OverlayStatus {
    if (viewports.length === 0) return "none";
    const supported = viewports.filter(({ kind }) => kind !== "rendering");
    if (supported.length === 0) return "unsupported";
    const absent = supported.filter((viewport) => !this.isDrawn(viewport));
    if (absent.some(({ viewportId }) => (this.pending.get(viewportId)?.retries ?? 0) > 0)) return "lost";
    if (absent.length > 0) return "pending";
    const visible = supported.some(({ viewportId }) =>
      Object.values(this.segments(viewportId) ?? {}).some((s) => s.visible),
    );
    return visible ? "drawn" : "hidden";
  }

  private representation(viewportId: string) {
    const of = { segmentationId: this.id };
    const all = cornerstoneTools().segmentation.state.getSegmentationRepresentations(viewportId, of);
    return all.find(({ type }) => type === LABELMAP);
  }

  private add(viewportId: string): Promise<void> {
    const { segmentationService } = this.ohif.servicesManager.services;
    return segmentationService.addSegmentationRepresentation(viewportId, { segmentationId: this.id, type: LABELMAP });
  }

  /** True if OHIF should have mounted the overlay by now. It is to be added again then; the time-out doubles with each retry. */
  private isOverdue(info: ViewportInfo): boolean {
    if (this.isDrawn(info)) {
      this.pending.delete(info.viewportId);
      return false;
    }
    let pending = this.pending.get(info.viewportId);
    if (!pending) {
      pending = awaitMount(0);
      this.pending.set(info.viewportId, pending);
    }
    const { since, frames, retries } = pending;
    const isOverdue = performance.now() - since > MOUNT_TIMEOUT_MS && frames >= MOUNT_TIMEOUT_FRAMES * 2 ** retries;
    if (isOverdue) this.pending.set(info.viewportId, awaitMount(retries + 1));
    return isOverdue;
  }

  /** OHIF may mount the overlay without rendering the viewport: it would appear only with the reader's next input. */
  private redraw(info: ViewportInfo): void {
    const redraws = this.isDrawn(info) ? (this.redraws.get(info.viewportId) ?? 0) : 0;
    if (this.isDrawn(info) && redraws < REDRAWS) info.viewport.render();
    this.redraws.set(info.viewportId, this.isDrawn(info) ? redraws + 1 : 0);
  }

  /** Colours are kept for each viewport by itself. */
  private setColours(viewportId: string, { colours }: OverlayStyle): void {
    if (!this.representation(viewportId)) return;
    const { segmentationService } = this.ohif.servicesManager.services;
    for (const [segment, colour] of colours) {
      const current = cornerstoneTools().segmentation.config.color.getSegmentIndexColor(viewportId, this.id, segment);
      if (colour.some((part, i) => part !== current?.[i]))
        segmentationService.setSegmentColor(viewportId, this.id, segment, [...colour]);
    }
  }

  /** The same style whether the segmentation is the active one or not. */
  private setStyle({ outline, fill }: OverlayStyle): void {
    const key = `${outline} ${fill}`;
    if (key === this.styleKey) return;
    this.styleKey = key;
    const fillAlpha = Math.max(fill, MIN_FILL);
    const active = { renderOutline: outline, renderFill: true, fillAlpha, outlineWidth: OUTLINE_PX, outlineOpacity: 1 };
    const inactive = {
      renderOutlineInactive: outline,
      renderFillInactive: true,
      fillAlphaInactive: fillAlpha,
      outlineWidthInactive: OUTLINE_PX,
      outlineOpacityInactive: 1,
      activeSegmentOutlineWidthDelta: 0,
    };
    cornerstoneTools().segmentation.config.style.setStyle(
      { segmentationId: this.id, type: LABELMAP },
      { ...active, ...inactive },
    );
  }
}

/** Counts animation frames up to the time-out. */
function awaitMount(retries: number): PendingMount {
  const pending = { since: performance.now(), frames: 0, retries };
  const count = () => {
    pending.frames += 1;
    if (pending.frames < MOUNT_TIMEOUT_FRAMES * 2 ** retries) requestAnimationFrame(count);
  };
  requestAnimationFrame(count);
  return pending;
}
