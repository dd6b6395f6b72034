/** Files on their way: DICOM files to a manifest, and digests. */

import type { Instance } from "./messages.js";

const META_BEGINS = 128;
const LONG = ["OB", "OW", "UN", "UT", "SQ"];

/**
 * The SOP Instance UID of a DICOM file, from its file meta information (PS3.10, 7.1), which is Explicit VR Little Endian whatever
 * follows it; `undefined` for what is no DICOM file.
 */
export function sopInstanceUid(file: Uint8Array): string | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const text = (at: number, length: number) => String.fromCharCode(...file.subarray(at, at + length));
  if (text(META_BEGINS, 4) !== "DICM") return undefined;
  for (let at = META_BEGINS + 4; at + 12 <= file.length; ) {
    if (view.getUint16(at, true) !== 0x0002) return undefined;
    const element = view.getUint16(at + 2, true);
    const long = LONG.includes(text(at + 4, 2));
    const begin = at + (long ? 12 : 8);
    const length = long ? view.getUint32(at + 8, true) : view.getUint16(at + 6, true);
    if (begin + length > file.length) return undefined;
    if (element === 0x0003) {
      const uid = text(begin, length).replace(/[\0 ]+$/, "");
      return /^[0-9.]{1,64}$/.test(uid) ? uid : undefined;
    }
    at = begin + length;
  }
  return undefined;
}

/**
 * The manifest of a study, and the files in its order: that of their UIDs. What is no DICOM file is left out; of the same instance
 * twice the first counts.
 */
export async function study(files: readonly Uint8Array[]): Promise<{ instances: Instance[]; items: Uint8Array[] }> {
  const found = new Map<string, Uint8Array>();
  for (const file of files) {
    const uid = sopInstanceUid(file);
    if (uid !== undefined && !found.has(uid)) found.set(uid, file);
  }
  // UIDs are digits and dots: the order of their code units is that of their bytes.
  const sorted = [...found].sort(([a], [b]) => (a < b ? -1 : 1));
  const instances: Instance[] = [];
  for (const [sop_uid, file] of sorted) instances.push({ sop_uid, bytes: file.length, sha256: await sha256(file) });
  return { instances, items: sorted.map(([, file]) => file) };
}

/** The SHA-256 of some bytes, 64 hexadecimal digits. Browsers compute it on pages that came by HTTPS or from this computer alone. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) {
    throw new Error("this page may not compute digests: open it by HTTPS, or submit with digests of your own");
  }
  const digest = new Uint8Array(await subtle.digest("SHA-256", bytes.slice()));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Throws where a file did not arrive as it was announced. Where no digest can be computed its length is all that was checked. */
export async function checkDigest(path: string, bytes: Uint8Array, announced: string): Promise<void> {
  if (!globalThis.crypto?.subtle) return;
  if ((await sha256(bytes)) !== announced.toLowerCase()) throw new Damaged(path);
}

/** A file did not arrive as it was announced. */
export class Damaged extends Error {
  constructor(readonly path: string) {
    super(`${path} did not arrive as it was announced`);
  }
}
