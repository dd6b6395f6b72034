import assert from "node:assert/strict";
import { test } from "node:test";

import { addresses } from "../src/connect.js";
import { ChecksumMismatch, ClientError, InvalidUid } from "../src/errors.js";
import { checkDigest, sha256, sopInstanceUid, studyManifest } from "../src/files.js";

/** A DICOM file with this UID in its meta information, behind an element of the long form. */
function file(uid: string, rest = ""): Uint8Array {
  const padded = uid.length % 2 ? `${uid}\0` : uid;
  const length = String.fromCharCode(padded.length, 0);
  const meta = `\x02\0\x01\0OB\0\0\x02\0\0\0\0\x01\x02\0\x03\0UI${length}${padded}${rest}`;
  return Uint8Array.from([...new Uint8Array(128), ...Buffer.from(`DICM${meta}`, "latin1")]);
}

test("the UID of a file is found behind other elements and without its padding", () => {
  assert.equal(sopInstanceUid(file("1.2.3", "more")), "1.2.3");
  const whole = file("1.2.3");
  // Also where the bytes lie somewhere in a larger buffer, as those of Node's files do.
  const within = new Uint8Array([7, 7, 7, ...whole, 7]).subarray(3, 3 + whole.length);
  assert.equal(sopInstanceUid(within), "1.2.3");
  for (let end = 0; end < whole.length; end++) assert.equal(sopInstanceUid(whole.subarray(0, end)), undefined, `${end}`);
  assert.equal(sopInstanceUid(file("../x")), undefined);
});

test("a manifest is in the order of its UIDs, each once, without what is no DICOM file", async () => {
  const [ten, nine] = [file("1.10"), file("1.9")];
  const { instances, items } = await studyManifest([nine, Buffer.from("notes"), ten, file("1.9", "another copy")]);
  assert.deepEqual(instances.map((one) => [one.sop_uid, one.bytes]), [["1.10", ten.length], ["1.9", nine.length]]);
  assert.deepEqual(items, [ten, nine]);
  assert.equal(instances[1]!.sha256, await sha256(nine));
});

test("a DICOM file that cannot be listed is named", async () => {
  const long = `\x02\0\x03\0UN\0\0${String.fromCharCode(0, 0, 4, 0)}${"1".repeat(4 << 16)}`;
  const huge = Uint8Array.from(Buffer.from(`${"\0".repeat(128)}DICM${long}`, "latin1"));
  for (const odd of [file("1..2"), file(".1"), file("1."), file("1".repeat(65)), huge]) {
    assert.equal(sopInstanceUid(odd), undefined);
    await assert.rejects(studyManifest([file("1.2"), odd]), (error) => error instanceof InvalidUid && error.index === 1);
  }
});

test("a file that arrived otherwise than it was announced is named", async () => {
  const abc = Buffer.from("abc");
  await checkDigest("a", abc, "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD");
  await assert.rejects(checkDigest("a.dcm", abc, "0".repeat(64)), (error) => error instanceof ChecksumMismatch && error.path === "a.dcm");
});

test("the address of a gateway is read as people write it", () => {
  const wire = (url: string) => addresses(url).wire;
  assert.equal(wire("http://box:8080"), "ws://box:8080/api/v1/wire");
  assert.equal(wire("https://box/"), "wss://box/api/v1/wire");
  assert.equal(wire("wss://box/api/v1/wire"), "wss://box/api/v1/wire");
  assert.deepEqual(addresses("https://proxy/cordline/"), {
    wire: "wss://proxy/cordline/api/v1/wire",
    web: "https://proxy/cordline",
  });
  assert.throws(() => addresses("box:8080"), /begins with http/);
  assert.throws(() => addresses("box"), ClientError);
  assert.throws(() => addresses("ftp://box"), /begins with http/);
});
