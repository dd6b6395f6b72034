/** What is asked by plain HTTP: the analysis of a study. */

import type { JobSummary } from "@cordline/sdk";
import { strings } from "./strings";

/** A refusal in the gateway's own words. */
export class Failed extends Error {}

/** The analysis that was made when the study arrived; `undefined` where there is none. */
export async function knownAnalysis(studyUid: string): Promise<JobSummary | undefined> {
  const answer = await fetch(`/api/v1/analyses?study_uid=${encodeURIComponent(studyUid)}`);
  return answer.ok ? ((await answer.json()) as JobSummary) : undefined;
}

/** Stores the results of an analysis in the archive; how many objects. */
export async function store(studyUid: string, job: string): Promise<number> {
  const body = await send("/api/v1/analyses/store", { study_uid: studyUid, job });
  return (body as { objects: number }).objects;
}

/** Writes on the study what the reader says of an analysis. */
export async function judge(studyUid: string, job: string, accepted: boolean, reason: string): Promise<void> {
  await send("/api/v1/analyses/verdict", { study_uid: studyUid, job, accepted, reason });
}

async function send(path: string, wanted: object): Promise<unknown> {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(wanted) }).catch(() => {
    throw new Failed(strings.lost);
  });
  const body = answer.status === 204 ? undefined : await answer.json();
  if (!answer.ok) throw new Failed(`${body.message}; ${body.action}`);
  return body;
}

/** Has a study analysed; the same study is the same job. */
export async function analyse(studyUid: string, series?: string): Promise<JobSummary> {
  return (await send("/api/v1/analyses", { study_uid: studyUid, ...(series ? { series } : {}) })) as JobSummary;
}
