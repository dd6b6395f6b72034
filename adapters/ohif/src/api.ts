/** The gateway's HTTP API: analyses of a study, reviews, session. */

import type { JobSummary, Review, Verdict } from "@cordline/sdk";
import type { Session } from "./state";
import { strings } from "./strings";

/** A failed request, with a message for the reader. */
export class ApiError extends Error {}

const reviewsPath = (studyUid: string) => `/api/v1/analyses/reviews?study_uid=${encodeURIComponent(studyUid)}`;

/** The latest analysis of a study; `undefined` if there is none. */
export async function fetchAnalysis(studyUid: string): Promise<JobSummary | undefined> {
  return getJson<JobSummary>(`/api/v1/analyses?study_uid=${encodeURIComponent(studyUid)}`);
}

/** Starts the analysis of a study; the same study is the same job, unless `again` is set. `series`: if a person selected one. */
export async function startAnalysis(studyUid: string, series?: string, again = false): Promise<JobSummary> {
  const request = { study_uid: studyUid, ...(series ? { series } : {}), ...(again ? { again } : {}) };
  return (await post("/api/v1/analyses", request)) as JobSummary;
}

/** Stores the results in the archive; resolves to the number of objects. */
export async function storeResults(studyUid: string, job: string): Promise<number> {
  const body = await post("/api/v1/analyses/store", { study_uid: studyUid, job });
  return (body as { objects: number }).objects;
}

/** Submits or withdraws the reader's verdict. The gateway takes the reader's name from the token. */
export async function submitReview(studyUid: string, job: string, verdict: Verdict, reason: string): Promise<void> {
  // Older gateways keep no reviews, and take the verdict as a boolean.
  const isOld = (await getJson<Review[]>(reviewsPath(studyUid), [])) === undefined;
  if (isOld && verdict === "withdrawn") throw new ApiError(strings.oldGateway);
  const body = isOld ? { accepted: verdict === "accepted" } : { verdict };
  await post("/api/v1/analyses/verdict", { study_uid: studyUid, job, ...body, reason });
}

/** Reviews of all analyses of a study, oldest first; empty with a gateway that does not keep them. */
export async function fetchReviews(studyUid: string): Promise<Review[]> {
  return (await getJson<Review[]>(reviewsPath(studyUid), [])) ?? [];
}

/** Name and role of this browser's token; `undefined` with a gateway that does not tell. */
export async function fetchSession(): Promise<Session | undefined> {
  return getJson<Session>("/api/v1/session");
}

/** `undefined` if the answer is no JSON: older gateways answer unknown paths with the viewer's page. `missing`: what 404 stands for. */
async function getJson<T>(path: string, missing?: T): Promise<T | undefined> {
  const response = await send(path);
  if (response.status === 404) return missing;
  if (!response.ok) throw await failure(response);
  return isJson(response) ? ((await response.json()) as T) : undefined;
}

async function post(path: string, request: object): Promise<unknown> {
  const headers = { "Content-Type": "application/json" };
  const response = await send(path, { method: "POST", headers, body: JSON.stringify(request) });
  if (!response.ok) throw await failure(response);
  if (response.status === 204) return undefined;
  if (!isJson(response)) throw new ApiError(strings.noAnswer(response.status));
  return response.json();
}

function send(path: string, request?: RequestInit): Promise<Response> {
  return fetch(path, request).catch(() => {
    throw new ApiError(strings.lost);
  });
}

function isJson({ headers }: Response): boolean {
  return headers.get("Content-Type")?.startsWith("application/json") === true;
}

/** What a failed request says of itself. A web server before the gateway answers with a page of its own. */
async function failure(response: Response): Promise<ApiError> {
  const { message, action } = isJson(response) ? await response.json().catch(() => ({})) : {};
  return new ApiError(message && action ? `${message}; ${action}` : strings.noAnswer(response.status));
}
