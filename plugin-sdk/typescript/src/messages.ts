/**
 * The messages of plugin-sdk/PROTOCOL.md, as the gateway passes them on. Research use only; not a medical device.
 *
 * Bodies and their words are in schema.ts, which is generated from the types of the daemon; here are the envelopes around them.
 */

import type { Answers, EventBodies, Grid, JobState, JobSummary, Requests, Review, Upload, Welcome } from "./schema.js";

export type * from "./schema.js";

/** Major version of the protocol, in every message. */
export const MAJOR = 1;

/** The line that stands wherever a result appears. */
export const RESEARCH_USE = "Research use only; not a medical device";

/** From (column, row, section, 1) to patient coordinates (LPS, mm): 4 x 4, row by row. */
export type Matrix = Grid["matrix"];

export type Verb = keyof Requests;

type Of<Bodies, Key extends string> = {
  [K in keyof Bodies]: { [P in Key]: K } & { body: Bodies[K] };
}[keyof Bodies];

export type Request = { v: number; id: number } & Of<Requests, "verb">;
export type Reply = { v: number; id: number } & Of<Answers, "reply">;
export type Event = { v: number; job: string; number: number; at_ms: number } & Of<EventBodies, "event">;
export type FromDaemon = Reply | Event;

/** The answer to each verb, where it is not refused. */
export interface AnswerOf {
  hello: Welcome;
  ping: Answers["pong"];
  submit: Upload;
  chunk: Upload;
  commit: JobSummary;
  events: Answers["events"];
  artifact: Answers["artifact"];
  list: Answers["jobs"];
  status: JobSummary | Answers["daemon"];
  cancel: JobSummary;
  forget: JobSummary;
  choose: JobSummary;
  review: JobSummary;
  device: Answers["device"];
}

/** True for a state in which nothing more happens by itself. */
export function hasEnded(state: JobState): boolean {
  return ["completed", "needs_selection", "out_of_scope", "failed", "cancelled"].includes(state);
}

/** The review that stands; none where none was given, or the last one was withdrawn. */
export function standingReview(reviews: readonly Review[] | undefined): Review | undefined {
  const last = reviews?.at(-1);
  return last?.verdict === "withdrawn" ? undefined : last;
}

/** One byte a voxel, 0 or 1; voxels that are not there are 0. */
export function unpackBits(packed: Uint8Array, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => ((packed[i >> 3] ?? 0) >> (i & 7)) & 1);
}

/** Packs voxels, first into the lowest bit of the first byte. */
export function packBits(mask: ArrayLike<number | boolean>): Uint8Array {
  const packed = new Uint8Array(Math.ceil(mask.length / 8));
  for (let i = 0; i < mask.length; i++) {
    if (mask[i]) packed[i >> 3]! |= 1 << (i & 7);
  }
  return packed;
}
