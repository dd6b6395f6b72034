// A slow daemon, a crowd, and callbacks that throw.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Client } from "../src/client.js";
import { ClientError, Rejected, Timeout } from "../src/errors.js";
import { decode } from "../src/frame.js";
import type { Event, Request, Submit } from "../src/messages.js";
import { Gateway, exact } from "./gateway.js";

type Answers = Partial<Record<Request["verb"], (request: Request, gateway: Gateway) => object | undefined>>;

/** A gateway that answers as `answers` say, and else from the vectors; keeps the requests. */
function gatewayOf(answers: Answers): { gateway: Gateway; asked: Request[]; verbs: () => string[] } {
  const gateway = new Gateway({ hello: "welcome", ping: "pong", commit: "job" });
  const asked: Request[] = [];
  const send = gateway.send.bind(gateway);
  gateway.send = (message) => {
    const request = decode(exact(message))!.header as unknown as Request;
    asked.push(request);
    const answer = answers[request.verb];
    if (!answer) return send(message);
    const header = answer(request, gateway);
    if (header) queueMicrotask(() => gateway.tell({ v: 1, id: request.id, ...header }));
  };
  return { gateway, asked, verbs: () => asked.map((one) => one.verb) };
}

const stateOf = (number: number, state: string) => ({ v: 1, job: "a", number, at_ms: 0, event: "state", body: { state } });
const begun = (last: number, state = "segmenting") => ({ reply: "events", body: { job: "a", last, state } });
const uploading = (credit: number, received = [0]) => ({ reply: "upload", body: { job: "a", state: "receiving", received, credit } });
const summary = (state: string) => ({ reply: "job", body: { job: "a", state } });
const folder: Submit = { kind: "folder", path: "/data" };
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Moves the clock in steps of a second, and lets promises settle after each. */
async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    mock.timers.tick(1000);
    await turn();
  }
}

test("the latest credit counts", async () => {
  let open = 0;
  const most: number[] = [];
  const { gateway } = gatewayOf({
    submit: () => uploading(4),
    chunk: ({ id }, at) => {
      most.push(++open);
      setTimeout(() => {
        open--;
        at.tell({ v: 1, id, reply: "upload", body: { job: "a", state: "receiving", offset: 1, credit: 1 } });
      }, 2);
      return undefined;
    },
  });
  const client = await Client.connect(gateway, "test 1.0");
  client.welcome.limits.frame_bytes = 1;
  await client.submit({ kind: "mask", job: "b", mask: { shape: [1, 8, 12], element: "bit" }, sha256: "" }, [new Uint8Array(12)]);
  client.close();
  assert.deepEqual(most, [1, 2, 3, 4, 1, 1, 1, 1, 1, 1, 1, 1]);
});

for (const [what, number] of [["an event", 1], ["the last event", 2]] as const) {
  test(`what the callback of ${what} throws comes out of follow`, async () => {
    const { gateway, verbs } = gatewayOf({ events: () => begun(2) });
    const client = await Client.connect(() => gateway, "test 1.0");
    const thrown = new Timeout("of the callback's own");
    const following = client.follow("a", (event) => {
      if (event.number === number) throw thrown;
    });
    await turn();
    gateway.tell(stateOf(1, "segmenting"));
    gateway.tell(stateOf(2, "completed"));
    await assert.rejects(following, (error) => error === thrown);
    assert.deepEqual(verbs(), ["hello", "events"]);
    client.close();
  });
}

test("a listener that throws takes no event from a follower", async () => {
  const { gateway } = gatewayOf({ events: () => begun(1) });
  const client = await Client.connect(gateway, "test 1.0");
  client.onEvent = () => {
    throw new Error("of the listener");
  };
  const following = client.follow("a", () => {});
  await turn();
  assert.throws(() => gateway.tell(stateOf(1, "completed")), /of the listener/);
  assert.equal(await following, 1);
  client.close();
});

test("a follower takes nothing of an earlier subscription, and all that comes with its own answer", async () => {
  const { gateway } = gatewayOf({ events: () => undefined });
  const client = await Client.connect(gateway, "test 1.0");
  const first = client.follow("a", () => {});
  gateway.tell({ v: 1, id: 2, ...begun(5) });
  for (const number of [1, 2, 3]) gateway.tell(stateOf(number, "segmenting"));
  const told: Event[] = [];
  const second = client.follow("a", (event) => told.push(event));
  await assert.rejects(first, ClientError);
  gateway.tell(stateOf(4, "segmenting"));
  // All in one turn, as a socket may hand them over.
  gateway.tell({ v: 1, id: 3, ...begun(5) });
  for (const number of [1, 2, 3, 4]) gateway.tell(stateOf(number, "segmenting"));
  gateway.tell(stateOf(5, "completed"));
  assert.equal(await second, 5);
  assert.deepEqual(told.map((event) => event.number), [1, 2, 3, 4, 5]);
  client.close();
});

test("a daemon that shuts down is asked again by a follower", async () => {
  let refusals = 0;
  const fault = { code: "shutting_down", message: "m", action: "a", retry: true };
  const { gateway } = gatewayOf({
    events: () => (refusals++ ? begun(1, "completed") : { reply: "fault", body: fault }),
  });
  const client = await Client.connect(() => gateway, "test 1.0");
  const following = client.follow("a", () => {}, 1);
  assert.equal(await following, 1);
  client.close();
});

test("the daemon hears of the client within a third of its silence", async (t) => {
  t.after(() => mock.timers.reset());
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const welcome = { daemon: "d", notice: "n", protocol: [1, 2], role: "viewer", limits: { silence_s: 6 }, ready: true };
  const { gateway, verbs } = gatewayOf({ hello: () => ({ reply: "welcome", body: welcome }) });
  const client = await Client.connect(gateway, "test 1.0");
  await pass(5);
  assert.deepEqual(verbs(), ["hello", "ping", "ping"]);
  client.close();
});

test("a commit that takes long is waited for while the daemon says so", async (t) => {
  t.after(() => mock.timers.reset());
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const states = ["receiving", "failed", "queued"];
  const { gateway, verbs } = gatewayOf({
    submit: () => uploading(1, []),
    commit: () => undefined,
    status: () => summary(states.shift()!),
  });
  const client = await Client.connect(gateway, "test 1.0");
  const submitting = client.submit(folder, []);
  await pass(31);
  assert.equal((await submitting).state, "queued");
  assert.deepEqual(verbs().filter((verb) => verb !== "ping"), ["hello", "submit", "commit", "status", "status", "status"]);
  client.close();
});

test("a folder whose listing takes long is waited for, and a refusal after long is told", async (t) => {
  t.after(() => mock.timers.reset());
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { gateway, asked } = gatewayOf({ submit: () => undefined });
  const client = await Client.connect(gateway, "test 1.0");
  const submitting = client.submit(folder, []);
  await pass(25);
  const { id } = asked.find((one) => one.verb === "submit")!;
  gateway.tell({ v: 1, id, reply: "fault", body: { code: "folder_not_allowed", message: "m", action: "a", retry: false } });
  await assert.rejects(submitting, (error) => error instanceof Rejected && error.fault.code === "folder_not_allowed");
  client.close();
});

test("a daemon that went while it copied is an error", async (t) => {
  t.after(() => mock.timers.reset());
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { gateway } = gatewayOf({ submit: () => uploading(1, []), commit: () => undefined, status: () => undefined });
  const client = await Client.connect(gateway, "test 1.0");
  const refused = assert.rejects(client.submit(folder, []), Timeout);
  await pass(21);
  await refused;
  client.close();
});

test("a manifest that the daemon would not read is refused before it is sent", async () => {
  const { gateway, verbs } = gatewayOf({});
  const client = await Client.connect(gateway, "test 1.0");
  client.welcome.limits.header_bytes = 40;
  await assert.rejects(client.submit(folder, []), (error) => error instanceof Rejected && error.fault.code === "too_large");
  assert.deepEqual(verbs(), ["hello"]);
  client.close();
});
