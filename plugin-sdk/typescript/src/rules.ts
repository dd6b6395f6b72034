/** What the client waits for, and when it tries again. */

import { Closed, ConnectError, Rejected, Timeout } from "./errors.js";
import type { Fault, JobState } from "./messages.js";

/** Pause before a request is repeated if the busy daemon names none. */
const BUSY_RETRY_MS = 250;

/** True if trying again may help: the same rule as in the clients of the other languages. */
export function isTransient(error: unknown): boolean {
  if (error instanceof Rejected) return error.fault.retry;
  return [ConnectError, Timeout, Closed].some((kind) => error instanceof kind);
}

/** True for a state that a job keeps until it is committed. */
export function takesInput(state: JobState): boolean {
  return ["receiving", "failed", "cancelled"].includes(state);
}

export function headerTooLarge(bytes: number, most: number): Rejected {
  const message = `the list of what is to be sent has ${bytes} bytes, and the daemon takes ${most}`;
  const action = "send fewer files at once, or raise `daemon.limits.header_bytes`";
  return new Rejected({ code: "too_large", message, action, retry: false });
}

/** True if chunks came too fast or out of order, so that the upload can be resumed. */
export function isFlowControl(fault: Fault): boolean {
  return ["busy", "credit_exceeded", "chunk_out_of_order"].includes(fault.code);
}

export function retryAfter(fault: Fault): number {
  return fault.retry_after_ms ?? BUSY_RETRY_MS;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
