/**
 * How a message travels through the gateway: one binary WebSocket message each.
 *
 *     4 bytes   length of the header, unsigned, little-endian
 *     n bytes   the header as JSON in UTF-8, as PROTOCOL.md describes it
 *     the rest  the raw frame, where there is one
 */

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

/** The header and the raw frame (empty where there is none); `undefined` for what this client does not know. */
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
  if (header?.v !== MAJOR) return undefined;
  return { header, raw: new Uint8Array(message, LENGTH_BYTES + length) };
}
