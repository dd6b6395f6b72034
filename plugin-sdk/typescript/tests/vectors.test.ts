import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Client, Refused, type Socket } from "../src/client.js";
import { decode, encode, OtherVersion } from "../src/frame.js";
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

test("what is no message is passed over", () => {
  assert.equal(decode(new ArrayBuffer(2)), undefined);
  assert.equal(decode(exact(encode({ reply: "pong", id: 1 }))), undefined);
  assert.equal(decode(exact(Uint8Array.from([200, 0, 0, 0, 1]))), undefined);
  assert.equal(decode(exact(Uint8Array.from([2, 0, 0, 0, 0x7b, 0x7d]))), undefined);
  assert.equal(decode(exact(Uint8Array.from([1, 0, 0, 0, 0x7b]))), undefined);
});

test("a daemon of another version is named", async () => {
  const gateway = new Gateway({ hello: "welcome" });
  const client = await Client.connect(gateway, "test 1.0");
  const pending = client.ask("list", {});
  gateway.tell({ v: 2, reply: "jobs", id: 2, body: {} });
  await assert.rejects(pending, (error) => error instanceof OtherVersion && error.theirs === 2);
  client.close();
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

test("an upload keeps to the credit and goes on from where it was", async () => {
  const sent: { verb: string; offset?: number; length: number }[] = [];
  let open = 0;
  let most = 0;
  const gateway = new Gateway({ hello: "welcome", commit: "job" });
  const send = gateway.send.bind(gateway);
  gateway.send = (message) => {
    const { header, raw } = decode(exact(message))!;
    const request = header as unknown as Request;
    sent.push({ verb: request.verb, length: raw.length, ...(request.verb === "chunk" ? { offset: request.body.offset } : {}) });
    if (request.verb !== "submit" && request.verb !== "chunk") return send(message);
    const body = { job: "a", state: "receiving", credit: 2, ...(request.verb === "submit" ? { received: [4] } : {}) };
    if (request.verb === "chunk") most = Math.max(most, ++open);
    setTimeout(() => {
      if (request.verb === "chunk") open--;
      gateway.tell({ v: 1, id: request.id, reply: "upload", body });
    });
  };
  const client = await Client.connect(gateway, "test 1.0");
  client.welcome.limits.frame_bytes = 3;
  const mask = { shape: [1, 8, 13], element: "bit" as const };
  const job = await client.submit({ kind: "mask", job: "b", mask, sha256: "" }, [new Uint8Array(13)]);
  client.close();
  assert.equal(job.state, "queued");
  const chunks = sent.filter((one) => one.verb === "chunk");
  assert.deepEqual(chunks.map((one) => [one.offset, one.length]), [[4, 3], [7, 3], [10, 3]]);
  assert.deepEqual([most, sent.at(-1)!.verb], [2, "commit"]);
});

test("two uploads at once share the window of their connection, and one that is refused ends alone", async () => {
  let open = 0;
  let most = 0;
  const gateway = new Gateway({ hello: "welcome", commit: "job" });
  const send = gateway.send.bind(gateway);
  gateway.send = (message) => {
    const { header } = decode(exact(message))!;
    const request = header as unknown as Request;
    if (request.verb !== "submit" && request.verb !== "chunk") return send(message);
    const job = request.verb === "submit" ? (request.body as { job: string }).job : request.body.job;
    if (request.verb === "chunk") most = Math.max(most, ++open);
    setTimeout(() => {
      if (request.verb === "chunk") open--;
      const refused = request.verb === "chunk" && job === "bad";
      const body = refused
        ? { code: "chunk_out_of_order", message: "m", action: "a", retry: true }
        : { job, state: "receiving", credit: 3, ...(request.verb === "submit" ? { received: [0] } : {}) };
      gateway.tell({ v: 1, id: request.id, reply: refused ? "fault" : "upload", body });
    });
  };
  const client = await Client.connect(gateway, "test 1.0");
  client.welcome.limits.frame_bytes = 3;
  const upload = (job: string) => {
    const mask = { shape: [1, 8, 30], element: "bit" as const };
    return client.submit({ kind: "mask", job, mask, sha256: "" }, [new Uint8Array(30)]);
  };
  const [good, bad, other] = await Promise.allSettled([upload("good"), upload("bad"), upload("other")]);
  client.close();
  assert.deepEqual([good.status, bad.status, other.status], ["fulfilled", "rejected", "fulfilled"]);
  assert.equal(most, 3);
});
