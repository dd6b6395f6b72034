/**
 * Framing: each message is one binary WebSocket message.
 *
 *     4 bytes   length of the header, unsigned, little-endian
 *     n bytes   the header as JSON in UTF-8, as PROTOCOL.md describes it
 *     the rest  the raw frame, if there is one
 */

import { VersionMismatch } from "./errors.js";
import { MAJOR, type FromDaemon } from "./messages.js";

const LENGTH_BYTES = 4;

/** A header and its raw frame as one binary message. */
export function encode(header: object, raw?: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const message = new Uint8Array(LENGTH_BYTES + text.length + (raw?.length ?? 0));
  new DataView(message.buffer).setUint32(0, text.length, true);
  message.set(text, LENGTH_BYTES);
  if (raw) message.set(raw, LENGTH_BYTES + text.length);
  return message;
}

/** The header and the raw frame (empty if there is none); `undefined` for malformed messages. Throws {@link VersionMismatch}. */
export function decode(message: ArrayBuffer): { header: FromDaemon; raw: Uint8Array } | undefined {
  if (message.byteLength < LENGTH_BYTES) return undefined;
  const length = new DataView(message).getUint32(0, true);
  if (LENGTH_BYTES + length > message.byteLength) return undefined;
  const text = new TextDecoder().decode(new Uint8Array(message, LENGTH_BYTES, length));
  let header: FromDaemon;
  try {
    header = JSON.parse(text) as FromDaemon;
  } catch {
    return undefined;
  }
  if (header?.v === undefined) return undefined;
  if (header.v !== MAJOR) throw new VersionMismatch(header.v);
  return { header, raw: new Uint8Array(message, LENGTH_BYTES + length) };
}

/** Bytes of a header in MessagePack, as the daemon gets it; a measure that is whole, such as 1.0, counts as the shorter integer. */
export function packedBytes(value: unknown): number {
  if (typeof value === "string") {
    const bytes = new TextEncoder().encode(value).length;
    return bytes + (bytes < 32 ? 1 : bytes < 1 << 8 ? 2 : bytes < 1 << 16 ? 3 : 5);
  }
  if (typeof value === "number") {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** 32) return 9;
    return value < 1 << 7 ? 1 : value < 1 << 8 ? 2 : value < 1 << 16 ? 3 : 5;
  }
  if (typeof value !== "object" || value === null) return 1;
  const within = Array.isArray(value) ? value : Object.entries(value).filter(([, each]) => each !== undefined).flat();
  const count = Array.isArray(value) ? within.length : within.length / 2;
  return within.reduce((sum, each) => sum + packedBytes(each), count < 16 ? 1 : count < 1 << 16 ? 3 : 5);
}
