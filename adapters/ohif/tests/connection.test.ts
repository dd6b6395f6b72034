import assert from "node:assert/strict";
import { test } from "node:test";
import { Connection, type ConnectionState } from "../src/connection.js";
import { DEVICE, FakeSocket, settled, WELCOME } from "./fakeSocket.js";

function start() {
  FakeSocket.all = [];
  const window = { location: { href: "http://gateway/cordline" } };
  Object.assign(globalThis, { window, WebSocket: FakeSocket, fetch: async () => new Response(null, { status: 200 }) });
  const states: ConnectionState["kind"][] = [];
  return { states, connection: new Connection({ onState: ({ kind }) => states.push(kind), onEvent: () => {} }) };
}

test("a connection whose daemon does not say what it is is closed before the next is opened", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { states, connection } = start();
  FakeSocket.daemon = (verb) => (verb === "hello" ? WELCOME : undefined);
  void connection.open();
  await settled();
  // No answer to `device` within ten seconds.
  t.mock.timers.tick(10_000);
  await settled();
  assert.deepEqual([FakeSocket.all.map((one) => one.isOpen), states], [[false], ["connecting", "lost"]]);

  FakeSocket.daemon = (verb) => (verb === "hello" ? WELCOME : verb === "device" ? DEVICE : undefined);
  t.mock.timers.tick(500);
  await settled();
  assert.deepEqual(
    FakeSocket.all.map((one) => one.isOpen),
    [false, true],
  );
  assert.equal(states.at(-1), "connected");
  // What becomes of the first connection is nothing to the second.
  t.mock.timers.tick(7000);
  await settled();
  assert.deepEqual([FakeSocket.all.length, states.at(-1)], [2, "connected"]);
});

test("a connection that is lost while it is opened is one attempt, not two", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { states, connection } = start();
  FakeSocket.daemon = (verb) => {
    if (verb === "hello") return WELCOME;
    FakeSocket.all.at(-1)?.close();
    return undefined;
  };
  void connection.open();
  await settled();
  assert.deepEqual(states, ["connecting", "lost"]);
});

test("a connection that is lost is opened again", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const { states, connection } = start();
  FakeSocket.daemon = (verb) => (verb === "hello" ? WELCOME : DEVICE);
  void connection.open();
  await settled();
  FakeSocket.all[0]?.close();
  await settled();
  t.mock.timers.tick(500);
  await settled();
  assert.deepEqual(states, ["connecting", "connected", "lost", "connected"]);
});
