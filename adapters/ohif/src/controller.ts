/** Connects store, viewports and overlays. There is one a page; it goes on while another tab than the panel is open. */

import type { Lesion } from "@cordline/sdk";
import { HeatMap } from "./heatMap";
import { InitialView } from "./initialView";
import { isRunning, type Job } from "./job";
import { jumpToPoint } from "./jumpToPoint";
import { Masks } from "./masks";
import { createNotifier } from "./notifications";
import {
  activeDisplaySet,
  type ExtensionParams,
  onSegmentationChange,
  onViewportChange,
  openSeries,
} from "./ohifServices";
import type { PanelState } from "./state";
import { Store } from "./store";
import { listViewports, showsJob } from "./viewports";

export interface Controller {
  store: Store;
  masks: Masks;
  /** Moves every viewport to a lesion's centre. */
  jump(job: Job, lesion: Lesion): void;
}

/** OHIF has no event for a layout that drops an overlay: the viewports are polled. */
const POLL_MS = 700;
/** How long a jump holds against a viewport that OHIF sets back. */
const HOLD_MS = 10_000;
/** Hides and shows all overlays; not bound by OHIF. */
const HIDE_KEY = "o";

let controller: Controller | undefined;

export function getController(ohif: ExtensionParams): Controller {
  controller ??= createController(ohif);
  return controller;
}

function createController(ohif: ExtensionParams): Controller {
  const store = new Store();
  const masks = new Masks(ohif, (job) => store.rejectImages(job), store.notify);
  const heatMap = new HeatMap(ohif);
  const initialView = new InitialView(ohif);
  const notify = createNotifier(ohif);
  const onViewports = () => {
    const displaySet = activeDisplaySet(ohif);
    // Undefined while OHIF changes the layout: the study stays.
    if (displaySet) {
      initialView.setStudy(displaySet.StudyInstanceUID);
      store.setDisplaySet(displaySet);
    }
    draw(store.get());
    applyInitialView();
  };
  const applyInitialView = () => {
    const { job, mismatch, jobToOpen } = store.get();
    if (job && jobToOpen === job.id && !mismatch)
      void initialView.apply(job).then((isDone) => isDone && store.jobOpened(), console.error);
  };
  const draw = (state: PanelState) => {
    const { job, mismatch, connection, display } = state;
    if (mismatch) masks.clear();
    else if (job) void masks.draw(job, display).catch(console.error);
    else if (connection.kind === "connected") void masks.prepare().catch(console.error);
    drawHeatMap(heatMap, state);
    // Also in another viewport than that in which the correction was begun, and not in another study.
    masks.holdBrush(state.correcting ? job : undefined);
    readStatus();
  };
  const readStatus = () => {
    const { job } = store.get();
    if (!job) return;
    const has3d = listViewports(ohif).some((viewport) => viewport.kind === "rendering" && showsJob(job, viewport));
    store.setOverlayStatus({
      lesionStatus: masks.lesionStatus(job),
      maskStatus: masks.status(job),
      heatMapStatus: heatMap.status(job),
      has3d,
    });
  };
  onViewportChange(ohif, onViewports);
  onSegmentationChange(ohif, readStatus);
  setInterval(onViewports, POLL_MS);
  document.addEventListener("keydown", (event) => {
    const isTyping =
      event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== HIDE_KEY || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
    store.setDisplay({ hidden: !store.get().display.hidden });
  });
  window.addEventListener("beforeunload", (event) => {
    // Brush strokes exist in this page alone until they are submitted.
    if (store.hasCorrection) event.preventDefault();
  });
  store.subscribe(() => {
    const state = store.get();
    if (state.seriesToOpen) {
      store.seriesOpened();
      openSeries(ohif, state.seriesToOpen);
    }
    notify(state);
    draw(state);
  });
  onViewports();
  const jump = (job: Job, lesion: Lesion) => {
    initialView.leave();
    const isSettled = () =>
      [masks.status(job), heatMap.status(job)].every((status) => status !== "pending" && status !== "lost");
    void jumpToPoint(ohif, job, lesion.centre_lps_mm, { isSettled, holdMs: HOLD_MS }).catch(console.error);
  };
  return { store, masks, jump };
}

function drawHeatMap(heatMap: HeatMap, { heat, job, display, mismatch }: PanelState): void {
  // After a reload the heat map is selected before its events have come.
  const hasMap = heat && job?.heat.has(heat.classifier) && !isRunning(job);
  if (job && hasMap && !display.hidden && !mismatch)
    void heatMap.show(job, heat.classifier, heat.opacity).catch(console.error);
  else heatMap.hide();
}
