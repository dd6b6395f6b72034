/** What is asked by plain HTTP: the analysis of a study. */

import type { JobSummary } from "@cordline/sdk";

/** A refusal in the gateway's own words. */
export class Failed extends Error {}

/** The analysis that was made when the study arrived; `undefined` where there is none. */
export async function knownAnalysis(studyUid: string): Promise<JobSummary | undefined> {
  const answer = await fetch(`/api/v1/analyses?study_uid=${encodeURIComponent(studyUid)}`);
  return answer.ok ? ((await answer.json()) as JobSummary) : undefined;
}

/** Has a study analysed; the same study is the same job. */
export async function analyse(studyUid: string, series?: string): Promise<JobSummary> {
  const answer = await fetch("/api/v1/analyses", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ study_uid: studyUid, ...(series ? { series } : {}) }),
  });
  const body = await answer.json();
  if (!answer.ok) throw new Failed(`${body.message}; ${body.action}`);
  return body as JobSummary;
}
