/**
 * How a message travels through the gateway: one binary WebSocket message each.
 *
 *     4 bytes   length of the header, unsigned, little-endian
 *     n bytes   the header as JSON in UTF-8, as PROTOCOL.md describes it
 *     the rest  the raw frame, where there is one
 */

import { MAJOR, type FromDaemon } from "./messages.js";

const LENGTH_BYTES = 4;

/** The daemon speaks another version of the protocol: `theirs` is its major number, or what stands in its place. */
export class OtherVersion extends Error {
  constructor(readonly theirs: unknown) {
    super(`the daemon speaks version ${theirs} of the protocol, this client version ${MAJOR}`);
  }
}

/** A header and its raw frame as one binary message. */
export function encode(header: object, raw?: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const message = new Uint8Array(LENGTH_BYTES + text.length + (raw?.length ?? 0));
  new DataView(message.buffer).setUint32(0, text.length, true);
  message.set(text, LENGTH_BYTES);
  if (raw) message.set(raw, LENGTH_BYTES + text.length);
  return message;
}

/** The header and the raw frame (empty where there is none); `undefined` for what is no message. Throws {@link OtherVersion}. */
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
  if (header.v !== MAJOR) throw new OtherVersion(header.v);
  return { header, raw: new Uint8Array(message, LENGTH_BYTES + length) };
}
