/** Tells the end of what was waited for, and what goes wrong, as notifications of the host: the reader may be in another tab. */

import type { Host } from "./host";
import { isRunning } from "./job";
import type { Known } from "./known";
import { outcome } from "./outcome";
import { strings } from "./strings";

const TYPES = { plain: "info", warn: "warning", bad: "error" } as const;
/** States that ask the reader for something, which the panel shows beside the images: nothing may lie over them then. */
const ASKING = ["needs_selection", "out_of_scope"];

export function teller(host: Host): (known: Known) => void {
  const { uiNotificationService } = host.servicesManager.services;
  const show = (type: string, message: string) =>
    // Not over the panel, whose buttons are wanted next.
    uiNotificationService.show({ title: strings.title, message, type, duration: 5000, position: "bottom-center" });
  let told: string | undefined;
  let error: string | undefined;
  let refused: string | undefined;
  return ({ job, news, error: wrong, refused: why }) => {
    const came = job && news === job.id && !why && !isRunning(job) ? outcome(job) : undefined;
    const isSeen = job && ASKING.includes(job.state) && document.querySelector("[data-testid=cordline-panel]");
    if (came && told !== news && !isSeen) show(TYPES[came.tone], came.title);
    told = came && news;
    if (wrong && wrong !== error) show("error", wrong);
    if (why && why !== refused) show("error", why);
    error = wrong;
    refused = why;
  };
}
