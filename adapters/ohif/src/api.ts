/** What is asked by plain HTTP: the analysis of a study. */

import type { JobSummary, Review, Verdict } from "@cordline/sdk";
import type { Me } from "./known";
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

/** Writes on the study what the reader says of an analysis, or that they take it back. Whose word it is the token says. */
export async function judge(studyUid: string, job: string, verdict: Verdict, reason: string): Promise<void> {
  // An older gateway keeps no reviews, and knows two verdicts by another word.
  const isOld = (await known(reviewsPath(studyUid))) === undefined;
  if (isOld && verdict === "withdrawn") throw new Failed(strings.oldGateway);
  const said = isOld ? { accepted: verdict === "accepted" } : { verdict };
  await send("/api/v1/analyses/verdict", { study_uid: studyUid, job, ...said, reason });
}

const reviewsPath = (studyUid: string) => `/api/v1/analyses/reviews?study_uid=${encodeURIComponent(studyUid)}`;

/** All that readers said of a study's analyses, oldest first; none where the gateway does not keep it. */
export async function reviewsOf(studyUid: string): Promise<Review[]> {
  return (await known<Review[]>(reviewsPath(studyUid))) ?? [];
}

/** Whose token this browser has, and what it allows; `undefined` where the gateway cannot tell. */
export async function whoAmI(): Promise<Me | undefined> {
  return known<Me>("/api/v1/session");
}

/** What an address tells; `undefined` where it tells nothing: an older gateway has a page for every address. */
async function known<T>(path: string): Promise<T | undefined> {
  const answer = await fetch(path).catch(() => undefined);
  const isJson = answer?.headers.get("Content-Type")?.startsWith("application/json");
  return answer?.ok && isJson ? ((await answer.json()) as T) : undefined;
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
