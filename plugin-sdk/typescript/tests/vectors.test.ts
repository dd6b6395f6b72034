import assert from "node:assert/strict";
import { test } from "node:test";

import { Client } from "../src/client.js";
import { Closed, Rejected, VersionMismatch } from "../src/errors.js";
import { decode, encode, packedBytes } from "../src/frame.js";
import { packBits, unpackBits, type Request } from "../src/messages.js";
import { Gateway, exact } from "./gateway.js";
import { vectors } from "./vectors.generated.js";

// That each message is one of the types is the compiler's to say: vectors.generated.ts has them typed.
for (const vector of vectors) {
  test(vector.name, () => {
    assert.ok(packedBytes(vector.message) <= vector.header_hex.length / 2);
    if (vector.name.startsWith("submit study")) assert.equal(packedBytes(vector.message), vector.header_hex.length / 2);
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
  await assert.rejects(pending, (error) => error instanceof VersionMismatch && error.theirs === 2);
  client.close();
});

test("bits are packed lowest first and come back", () => {
  const mask = [1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1];
  assert.deepEqual([...packBits(mask)], [1, 6]);
  assert.deepEqual([...unpackBits(packBits(mask), 11)], mask);
});

test("answers find their requests, refusals are errors, events go to the listener", async () => {
  const gateway = new Gateway({ hello: "welcome", commit: "job", cancel: "fault", artifact: "artifact piece" });
  const client = await Client.connect(gateway, "test 1.0");
  assert.equal(client.welcome.notice, "Research use only; not a medical device");
  assert.equal((await client.ask("commit", { job: "a" })).state, "queued");
  await assert.rejects(client.ask("cancel", { job: "a" }), (error) => {
    return error instanceof Rejected && error.fault.code === "no_such_job";
  });
  const bytes = await client.download("a", { path: "result.json", bytes: 3 });
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
  await assert.rejects(pending, (error) => error instanceof Closed);
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

test("a busy daemon is asked again after its pause, and nobody hears of it", async () => {
  const gateway = new Gateway({ hello: "welcome" });
  const client = await Client.connect(gateway, "test 1.0");
  const pending = client.ask("list", {});
  const busy = vectors.find((v) => v.name === "fault of a busy daemon")!.message as { body: object };
  gateway.tell({ ...busy, id: 2, body: { ...busy.body, retry_after_ms: 5 } });
  await new Promise((resolve) => setTimeout(resolve, 50));
  gateway.tell({ ...vectors.find((v) => v.name === "jobs")!.message, id: 3 });
  assert.equal((await pending).jobs.length, 1);
  client.close();
});

test("events that the daemon ends are an error for whoever follows", async () => {
  const gateway = new Gateway({ hello: "welcome", events: "events begin" });
  const client = await Client.connect(gateway, "test 1.0");
  const following = client.follow("a", () => {});
  await new Promise((resolve) => setTimeout(resolve, 5));
  const body = { code: "not_allowed", message: "the key was taken out", action: "ask for one", retry: false };
  gateway.tell({ v: 1, reply: "fault", id: 2, body });
  await assert.rejects(following, (error) => error instanceof Rejected && error.fault.code === "not_allowed");
  assert.ok(gateway.closed);
});

test("a series is selected, a volume and a corrected mask are submitted as the protocol says", async () => {
  const gateway = new Gateway({ hello: "welcome", choose: "job", commit: "job" });
  const bodies: Record<string, unknown>[] = [];
  const items: string[] = [];
  const send = gateway.send.bind(gateway);
  gateway.send = (message) => {
    const { header, raw } = decode(exact(message))!;
    const request = header as unknown as Request;
    if (request.verb === "choose" || request.verb === "submit") bodies.push(request.body as never);
    if (request.verb === "chunk") items.push(`${request.body.item}: ${Buffer.from(raw).toString()}`);
    if (request.verb !== "submit" && request.verb !== "chunk") return send(message);
    const body = { job: "a", state: "receiving", received: [0, 0], credit: 2 };
    queueMicrotask(() => gateway.tell({ v: 1, id: request.id, reply: "upload", body }));
  };
  const client = await Client.connect(gateway, "test 1.0");
  assert.equal((await client.selectSeries("a", "1.2.3#2")).state, "queued");

  const about = { tensor: { shape: [1, 1, 3], element: "u8" as const }, matrix: [] };
  const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  const t2w = { ...about, voxels: Buffer.from("abc") };
  await client.submitVolume(t2w, { t1c: { ...about, voxels: Buffer.from("xyz"), sha256: "known" }, priority: "urgent" });
  await client.submitMask("b", [1, 4, 6], Buffer.from("abc"));
  await client.submitMask("b", [1, 4, 6], Buffer.from("abc"), { sha256: "known" });
  client.close();
  const mask = { kind: "mask", job: "b", mask: { shape: [1, 4, 6], element: "bit" } };
  assert.deepEqual(bodies, [
    { job: "a", series: "1.2.3#2" },
    { kind: "volume", t2w: { ...about, sha256: abc }, t1c: { ...about, sha256: "known" }, priority: "urgent" },
    { ...mask, sha256: abc },
    { ...mask, sha256: "known" },
  ]);
  assert.deepEqual(items, ["0: abc", "1: xyz", "0: abc", "0: abc"]);
});

/** Gateways that take each other's place, as after a restart; `since`: of each request for events. */
function restarted() {
  const gateways: Gateway[] = [];
  const since: (number | undefined)[] = [];
  const open = () => {
    const gateway = new Gateway({ hello: "welcome" });
    const send = gateway.send.bind(gateway);
    gateway.send = (message) => {
      const request = decode(exact(message))?.header as unknown as Request;
      if (request.verb !== "events") return send(message);
      since.push(request.body.since);
      const body = { job: "a", last: 3, state: "segmenting" };
      queueMicrotask(() => gateway.tell({ v: 1, id: request.id, reply: "events", body }));
    };
    gateways.push(gateway);
    return gateway;
  };
  return { gateways, since, open };
}

const stateOf = (number: number, state: string) => ({ v: 1, job: "a", number, at_ms: 0, event: "state", body: { state } });
const soon = (ms = 20) => new Promise((resolve) => setTimeout(resolve, ms));

test("a lost connection is opened again while a job is followed, and no event comes twice", async () => {
  const { gateways, since, open } = restarted();
  const client = await Client.connect(open, "test 1.0");
  const numbers: number[] = [];
  let lost = 0;
  client.onLost = () => lost++;
  const following = client.follow("a", (event) => numbers.push(event.number));
  await soon();
  gateways[0]!.tell(stateOf(1, "queued"));
  gateways[0]!.tell(stateOf(2, "segmenting"));
  gateways[0]!.onclose!();
  await soon(700);
  assert.equal(gateways.length, 2);
  gateways[1]!.tell(stateOf(2, "segmenting"));
  gateways[1]!.tell(stateOf(3, "completed"));
  assert.equal(await following, 3);
  assert.deepEqual([numbers, since, lost], [[1, 2, 3], [0, 2], 1]);
  client.close();
});

test("a daemon that forgot the client is greeted again, and its job followed on", async () => {
  const { gateways, since, open } = restarted();
  const client = await Client.connect(open, "test 1.0");
  const following = client.follow("a", () => {}, 1);
  await soon();
  const body = { code: "hello_required", message: "m", action: "a", retry: true };
  gateways[0]!.tell({ v: 1, reply: "fault", id: 2, body });
  await soon(700);
  gateways[1]!.tell(stateOf(3, "completed"));
  assert.equal(await following, 3);
  assert.deepEqual([gateways[0]!.closed, since], [true, [1, 1]]);
  client.close();
});

test("a client that was closed, or has one socket alone, does not connect again", async () => {
  const { gateways, open } = restarted();
  const client = await Client.connect(open, "test 1.0");
  const following = client.follow("a", () => {});
  await soon();
  client.close();
  await assert.rejects(following, (error) => error instanceof Closed);
  await soon(700);
  assert.equal(gateways.length, 1);

  const single = open();
  const other = await Client.connect(single, "test 1.0");
  const ended = other.follow("a", () => {});
  await soon();
  single.onclose!();
  await assert.rejects(ended, (error) => error instanceof Closed);
  assert.equal(gateways.length, 2);
});
