/** Shows the end of a job and errors as OHIF notifications, since another tab than the panel may be open. */

import { isRunning } from "./job";
import type { ExtensionParams } from "./ohifServices";
import type { PanelState } from "./state";
import { strings } from "./strings";
import { summarize } from "./summary";

/** The panel itself asks the reader for something in these states: a notification would cover the images it is about. */
const SHOWN_IN_PANEL = ["needs_selection", "out_of_scope"];

/** Returns a listener of the store; each end and each error is notified once. */
export function createNotifier(ohif: ExtensionParams): (state: PanelState) => void {
  const { uiNotificationService } = ohif.servicesManager.services;
  const show = (type: string, message: string) =>
    // The default position covers the panel's buttons.
    uiNotificationService.show({ title: strings.title, message, type, duration: 5000, position: "bottom-center" });
  let notified: string | undefined;
  let lastError: string | undefined;
  let lastMismatch: string | undefined;
  return ({ job, jobToNotify, error, mismatch }) => {
    const summary = job && jobToNotify === job.id && !mismatch && !isRunning(job) ? summarize(job) : undefined;
    const isInPanel =
      job && SHOWN_IN_PANEL.includes(job.state) && document.querySelector("[data-testid=cordline-panel]");
    if (summary && notified !== jobToNotify && !isInPanel) show(summary.severity, summary.title);
    notified = summary && jobToNotify;
    if (error && error !== lastError) show("error", error);
    if (mismatch && mismatch !== lastMismatch) show("error", mismatch);
    lastError = error;
    lastMismatch = mismatch;
  };
}
