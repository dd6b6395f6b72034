import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Client, Refused, type Socket } from "../src/client.js";
import { decode, encode } from "../src/frame.js";
import { packBits, unpackBits, type Event, type Reply, type Request } from "../src/messages.js";

interface Vector {
  name: string;
  from: "client" | "daemon";
  message: Request | Reply | Event;
  raw_hex: string;
}

const file = new URL("../../../vectors/messages.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8")) as Vector[];

function exact(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer as ArrayBuffer;
}

for (const vector of vectors) {
  test(vector.name, () => {
    const raw = Uint8Array.from(Buffer.from(vector.raw_hex, "hex"));
    const found = decode(exact(encode(vector.message, raw)));
    assert.deepEqual(found?.header, vector.message);
    assert.deepEqual(found?.raw, raw);
  });
}

test("what is no message of this version is passed over", () => {
  assert.equal(decode(new ArrayBuffer(2)), undefined);
  assert.equal(decode(exact(encode({ v: 2, reply: "pong", id: 1, body: {} }))), undefined);
  assert.equal(decode(exact(Uint8Array.from([200, 0, 0, 0, 1]))), undefined);
  assert.equal(decode(exact(Uint8Array.from([1, 0, 0, 0, 0x7b]))), undefined);
});

test("bits are packed lowest first and come back", () => {
  const mask = [1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1];
  assert.deepEqual([...packBits(mask)], [1, 6]);
  assert.deepEqual([...unpackBits(packBits(mask), 11)], mask);
});

/** A gateway that answers from the vectors. */
class Gateway implements Socket {
  binaryType = "";
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: ArrayBuffer }) => void) | null = null;
  onclose: (() => void) | null = null;
  closed = false;

  constructor(private readonly answers: Record<string, string>) {
    queueMicrotask(() => this.onopen?.());
  }

  send(message: Uint8Array): void {
    const request = decode(exact(message))?.header as unknown as Request;
    const vector = vectors.find((v) => v.name === this.answers[request.verb]);
    if (vector) queueMicrotask(() => this.tell({ ...vector.message, id: request.id }, vector.raw_hex));
  }

  tell(header: object, rawHex = ""): void {
    this.onmessage?.({ data: exact(encode(header, Uint8Array.from(Buffer.from(rawHex, "hex")))) });
  }

  close(): void {
    this.closed = true;
  }
}

test("answers find their requests, refusals are errors, events go to the listener", async () => {
  const gateway = new Gateway({ hello: "welcome", commit: "job", cancel: "fault", artifact: "artifact piece" });
  const client = await Client.connect(gateway, "test 1.0");
  assert.equal(client.welcome.notice, "Research use only; not a medical device");
  assert.equal((await client.ask("commit", { job: "a" })).state, "queued");
  await assert.rejects(client.ask("cancel", { job: "a" }), (error) => {
    return error instanceof Refused && error.fault.code === "no_such_job";
  });
  const bytes = await client.artifact("a", { path: "result.json", bytes: 3 });
  assert.equal(Buffer.from(bytes).toString(), "abc");

  const told: string[] = [];
  client.onEvent = (event, raw) => told.push(`${event.event} ${raw.length}`);
  const section = vectors.find((v) => v.name === "section")!;
  gateway.tell(section.message, section.raw_hex);
  assert.deepEqual(told, ["section 1"]);

  let lost = 0;
  client.onLost = () => lost++;
  const pending = client.ask("list", {});
  client.close();
  await assert.rejects(pending);
  assert.deepEqual([lost, gateway.closed], [1, true]);
});
