/** The result of a job in words: title, detail and severity. */

import type { Job } from "./job";
import { strings } from "./strings";

export interface Summary {
  severity: "info" | "warning" | "error";
  title: string;
  /** What it means, or what to do. */
  detail?: string;
}

/** True if the job ended without a suitable series and the panel can offer others. */
function offersSeries({ problem, series }: Job): boolean {
  return problem?.code !== "t1c_missing" && (series?.rejected.length ?? 0) > 0;
}

/** `undefined` while the job runs and has no finding yet. */
export function summarize(job: Job): Summary | undefined {
  const { finding, problem } = job;
  const described = problem ? { detail: `${problem.message}; ${problem.action}` } : {};
  switch (job.state) {
    case "out_of_scope":
      // The daemon's message lists series by UID; the panel offers the closest one instead. Other reasons are shown as they are.
      return {
        severity: "warning",
        title: strings.outOfScope,
        ...(offersSeries(job) ? { detail: strings.outOfScopeMeans } : described),
      };
    case "needs_selection":
      // The daemon's message names UIDs and a command-line flag; the panel offers the series instead.
      return { severity: "warning", title: strings.needsSelection, detail: strings.needsSelectionMeans };
    case "failed":
      return { severity: "error", title: strings.failed, ...described };
    case "cancelled":
      return { severity: "info", title: strings.cancelledTitle, detail: strings.cancelledMeans };
    default:
  }
  switch (finding?.name) {
    case undefined:
      return undefined;
    case "no_lesion":
      return { severity: "info", title: strings.noLesion, detail: strings.noLesionMeans };
    case "indeterminate":
      return { severity: "warning", title: strings.indeterminate, detail: strings.indeterminateMeans };
    default:
      return { severity: "info", title: finding?.label ?? "" };
  }
}
