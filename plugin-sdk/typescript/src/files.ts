/** The manifest of a study from its DICOM files, and SHA-256 digests. */

import { ChecksumMismatch, ClientError, InvalidUid } from "./errors.js";
import type { Instance } from "./messages.js";

const PREAMBLE_BYTES = 128;
/** VRs with a length of 32 bits (PS3.5, 7.1.2). */
const LONG_VRS = ["OB", "OW", "UN", "UT", "SQ"];
/** Most characters of a UID (PS3.5, 9.1). */
const MAX_UID_CHARS = 64;

/**
 * The SOP Instance UID of a DICOM file, from its file meta information (PS3.10, 7.1), which is always Explicit VR Little
 * Endian; `undefined` for a file that is not DICOM, and for what is no UID.
 */
export function sopInstanceUid(file: Uint8Array): string | undefined {
  return writtenUid(file) || undefined;
}

/** The same, with "" for what is written there and is no UID: the rule of the daemon is digits between dots, none of them empty. */
function writtenUid(file: Uint8Array): string | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const text = (at: number, length: number) => String.fromCharCode(...file.subarray(at, at + length));
  if (text(PREAMBLE_BYTES, 4) !== "DICM") return undefined;
  for (let at = PREAMBLE_BYTES + 4; at + 8 <= file.length; ) {
    if (view.getUint16(at, true) !== 0x0002) return undefined;
    const element = view.getUint16(at + 2, true);
    const isLong = LONG_VRS.includes(text(at + 4, 2));
    const begin = at + (isLong ? 12 : 8);
    if (begin > file.length) return undefined;
    const length = isLong ? view.getUint32(at + 8, true) : view.getUint16(at + 6, true);
    if (begin + length > file.length) return undefined;
    if (element === 0x0003) {
      // One more is the padding.
      const uid = text(begin, Math.min(length, MAX_UID_CHARS + 2)).replace(/[\0 ]+$/, "");
      return uid.length <= MAX_UID_CHARS && /^[0-9]+(\.[0-9]+)*$/.test(uid) ? uid : "";
    }
    at = begin + length;
  }
  return undefined;
}

/**
 * The manifest of a study and its files, both sorted by SOP Instance UID. Files that are not DICOM are skipped; of duplicate instances
 * the first counts. Throws {@link InvalidUid} for a DICOM file that cannot be listed: it is not left out in silence.
 */
export async function studyManifest(files: readonly Uint8Array[]): Promise<{ instances: Instance[]; items: Uint8Array[] }> {
  const found = new Map<string, Uint8Array>();
  for (const [index, file] of files.entries()) {
    const uid = writtenUid(file);
    if (uid === "") throw new InvalidUid(index);
    if (uid !== undefined && !found.has(uid)) found.set(uid, file);
  }
  // UIDs are digits and dots: the order of their code units is that of their bytes.
  const sorted = [...found].sort(([a], [b]) => (a < b ? -1 : 1));
  const instances: Instance[] = [];
  for (const [sop_uid, file] of sorted) instances.push({ sop_uid, bytes: file.length, sha256: await sha256(file) });
  return { instances, items: sorted.map(([, file]) => file) };
}

/** SHA-256 as 64 hexadecimal digits. Browsers offer it only to pages from HTTPS or localhost; elsewhere this throws. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) {
    throw new ClientError("this page may not compute digests: open it by HTTPS, or submit with digests of your own");
  }
  const digest = new Uint8Array(await subtle.digest("SHA-256", bytes.slice()));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Throws {@link ChecksumMismatch} if the digest differs. Does nothing where the browser offers no digests. */
export async function checkDigest(path: string, bytes: Uint8Array, expected: string): Promise<void> {
  if (!globalThis.crypto?.subtle) return;
  if ((await sha256(bytes)) !== expected.toLowerCase()) throw new ChecksumMismatch(path);
}
