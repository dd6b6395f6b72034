/** What came of a job, said plainly: a title, what it means or what to do, and how serious it is. */

import type { Job } from "./job";
import { strings } from "./strings";

export interface Outcome {
  tone: "plain" | "warn" | "bad";
  title: string;
  /** What it means, or what to do. */
  means?: string;
}

/** True where it ended for want of a series, and others are there to be offered. */
function offered({ problem, series }: Job): boolean {
  return problem?.code !== "t1c_missing" && (series?.rejected.length ?? 0) > 0;
}

/** The outcome of a job that has one; `undefined` while it runs and nothing is found yet. */
export function outcome(job: Job): Outcome | undefined {
  const { finding, problem } = job;
  const said = problem ? { means: `${problem.message}; ${problem.action}` } : {};
  switch (job.state) {
    case "out_of_scope":
      // The box's own words name every series with its UID; here the closest is offered beside it. Another reason is told as it is.
      return { tone: "warn", title: strings.outOfScope, ...(offered(job) ? { means: strings.outOfScopeMeans } : said) };
    case "needs_selection":
      // The box's own words name UIDs and a flag; here the series are offered beside it.
      return { tone: "warn", title: strings.needsSelection, means: strings.needsSelectionMeans };
    case "failed":
      return { tone: "bad", title: strings.failed, ...said };
    case "cancelled":
      return { tone: "plain", title: strings.cancelledTitle, means: strings.cancelledMeans };
    default:
  }
  switch (finding?.name) {
    case undefined:
      return undefined;
    case "no_lesion":
      return { tone: "plain", title: strings.noLesion, means: strings.noLesionMeans };
    case "indeterminate":
      return { tone: "warn", title: strings.indeterminate, means: strings.indeterminateMeans };
    default:
      return { tone: "plain", title: finding?.label ?? "" };
  }
}
