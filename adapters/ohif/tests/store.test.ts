import assert from "node:assert/strict";
import { beforeEach, type TestContext, test } from "node:test";
import type { DisplaySet } from "../src/ohifServices.js";
import { Store } from "../src/store.js";
import { strings } from "../src/strings.js";
import { DEVICE, FakeSocket, settled, WELCOME } from "./fakeSocket.js";

const summary = (job: string, rest: object = {}) => ({ job, state: "completed", last_event: 1, ...rest });
const study = (uid: string) => ({ StudyInstanceUID: uid, SeriesInstanceUID: `${uid}.1` }) as DisplaySet;

/** Answers of the gateway's HTTP API, by the beginning of method and path. */
let answers: Record<string, () => Response | Promise<Response>> = {};
const posted: [string, unknown][] = [];
const stored = new Map<string, string>();
/** An answer that comes when the test says so. */
function later() {
  let give: (answer: Response) => void = () => {};
  const answer = new Promise<Response>((resolve) => {
    give = resolve;
  });
  return { answer: () => answer, give: (body: object, status = 200) => give(Response.json(body, { status })) };
}

beforeEach(() => {
  FakeSocket.all = [];
  posted.length = 0;
  stored.clear();
  answers = {};
  const none = () => Response.json({ code: "not_analysed", message: "what", action: "do" }, { status: 404 });
  Object.assign(globalThis, {
    window: { location: { href: "http://gateway/cordline" } },
    WebSocket: FakeSocket,
    sessionStorage: {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, text: string) => stored.set(key, text),
    },
    fetch: async (path: string, request?: RequestInit) => {
      if (request?.body) posted.push([path, JSON.parse(String(request.body))]);
      const one = Object.keys(answers).find((name) => `${request?.method ?? "GET"} ${path}`.startsWith(name));
      return one ? answers[one]?.() : none();
    },
  });
});

/** A store that is connected, with a study that has a job. */
async function open(t: TestContext, job = "a"): Promise<Store> {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  FakeSocket.daemon = (verb, body) => {
    if (verb === "hello") return WELCOME;
    if (verb === "device") return DEVICE;
    if (verb === "status") return { reply: "status", body: summary((body as { job: string }).job) };
    if (verb === "submit") return { reply: "upload", body: { job: "corrected", state: "queued", credit: 1 } };
    return { reply: "events", body: { last: 0, state: "completed" } };
  };
  stored.set("cordline study A", JSON.stringify({ job }));
  const store = new Store();
  store.setDisplaySet(study("A"));
  await settled();
  assert.equal(store.get().job?.id, job);
  return store;
}

test("what comes of a request belongs to the study in which it began", async (t) => {
  const store = await open(t);
  const [kept, run] = [later(), later()];
  answers = { "POST /api/v1/analyses/store": kept.answer };
  void store.storeResults();
  store.setDisplaySet(study("B"));
  await settled();
  kept.give({ objects: 3 });
  await settled();
  assert.deepEqual([store.get().done, store.get().requesting], [undefined, false]);
  store.setDisplaySet(study("A"));
  assert.deepEqual([store.get().done, store.get().requesting], [strings.stored(3), false]);

  // A job that is begun in one study is there when the reader comes back, and takes nothing from the other.
  answers = { "POST /api/v1/analyses": run.answer };
  void store.run("1.2");
  store.setDisplaySet(study("B"));
  store.showHeatMap({ classifier: "tumour", opacity: 1 });
  run.give(summary("b"));
  await settled();
  assert.deepEqual([store.get().job, store.get().heat?.classifier], [undefined, "tumour"]);
  store.setDisplaySet(study("A"));
  assert.deepEqual([store.get().job?.id, JSON.parse(stored.get("cordline study A") ?? "").job], ["b", "b"]);
});

test("a correction that is submitted ends in its own study alone", async (t) => {
  const store = await open(t);
  store.setCorrecting(true);
  const done = store.submitCorrection({ shape: [1, 1, 8], voxels: new Uint8Array(8) });
  store.setDisplaySet(study("B"));
  store.setCorrecting(true);
  assert.equal(await done, true);
  assert.deepEqual([store.get().correcting, store.get().first, store.get().job], [true, undefined, undefined]);
  store.setDisplaySet(study("A"));
  const { correcting, first, job } = store.get();
  assert.deepEqual([correcting, first?.job, job?.id], [false, "a", "corrected"]);
  // The one in the other study has not ended: the page is not to be closed over it.
  assert.equal(store.hasCorrection, true);
  store.setDisplaySet(study("B"));
  store.setCorrecting(false);
  assert.equal(store.hasCorrection, false);
});

test("an error is told in the study in which it happened", async (t) => {
  const store = await open(t);
  const kept = later();
  answers = { "POST /api/v1/analyses/store": kept.answer };
  void store.storeResults();
  store.setDisplaySet(study("B"));
  kept.give({ message: "what", action: "do" }, 502);
  await settled();
  assert.equal(store.get().error, undefined);
  store.setDisplaySet(study("A"));
  assert.equal(store.get().error, "what; do");
});

test("a request of a study is under way until its answer, also for a reader who went and came back", async (t) => {
  const store = await open(t);
  const kept = later();
  answers = { "POST /api/v1/analyses/store": kept.answer };
  void store.storeResults();
  store.setDisplaySet(study("B"));
  assert.equal(store.get().requesting, false);
  store.setDisplaySet(study("A"));
  assert.equal(store.get().requesting, true);
  kept.give({ objects: 1 });
  await settled();
  assert.equal(store.get().requesting, false);
});

test("the place in the queue is told of the job that is shown", async (t) => {
  const store = await open(t);
  answers = { "POST /api/v1/analyses": () => Response.json(summary("b", { state: "queued" })) };
  await store.run();
  let answer: (status: object) => void = () => {};
  const { daemon } = FakeSocket;
  const status = new Promise<object>((resolve) => {
    answer = resolve;
  });
  FakeSocket.daemon = (verb, body) => (verb === "status" ? status : daemon(verb, body));
  t.mock.timers.tick(1000);
  store.setDisplaySet(study("B"));
  answer({ reply: "status", body: summary("b", { state: "queued", position: 2, seconds_left: 60 }) });
  await settled();
  assert.deepEqual([store.get().queuePosition, store.get().secondsLeft], [undefined, undefined]);
});

test("reviews that are known stay where nobody knows whether there are others", async (t) => {
  const review = { job: "a", reader: "R.", at_ms: 1, verdict: "rejected", reason: "too large" };
  answers = { "GET /api/v1/analyses/reviews": () => Response.json([review]) };
  const store = await open(t);
  assert.deepEqual(store.get().reviews, [review]);
  answers = { "GET /api/v1/analyses/reviews": () => Response.json({ message: "what", action: "do" }, { status: 502 }) };
  store.setDisplaySet(study("B"));
  await settled();
  assert.deepEqual([store.get().reviews, store.get().reviewsUnknown], [[], "what; do"]);
  store.setDisplaySet(study("A"));
  await settled();
  assert.deepEqual([store.get().reviews, store.get().reviewsUnknown], [[review], "what; do"]);
});

test("a verdict says whether it was taken", async (t) => {
  const store = await open(t);
  const kept = later();
  answers = { "POST /api/v1/analyses/store": kept.answer };
  void store.storeResults();
  assert.equal(await store.review("rejected", "too large"), false);
  kept.give({ objects: 1 });
  await settled();
  const failed = () => Response.json({ message: "what", action: "do" }, { status: 502 });
  answers = { "GET /api/v1/analyses/reviews": () => Response.json([]), "POST /api/v1/analyses/verdict": failed };
  assert.equal(await store.review("rejected", "too large"), false);
  assert.equal(store.get().error, "what; do");

  // One that was taken is shown, also where the reviews cannot be read afterwards.
  let asked = 0;
  answers = {
    "GET /api/v1/analyses/reviews": () => (asked++ === 0 ? Response.json([]) : failed()),
    "POST /api/v1/analyses/verdict": () => new Response(null, { status: 204 }),
  };
  assert.equal(await store.review("rejected", "too large"), true);
  assert.deepEqual([store.get().reviews[0]?.reason, store.get().error], ["too large", undefined]);
});

test("a result that is analysed again is another job of the same series; one without a result is taken up", async (t) => {
  const store = await open(t);
  const answer = (job: string, rest: object = {}) => {
    answers = { "POST /api/v1/analyses": () => Response.json(summary(job, rest)) };
  };
  const asked = () => posted.at(-1)?.[1];
  const end = (job: string, state: string) => {
    const event = { v: 1, job, number: 1, at_ms: 0, event: "state", body: { state } };
    FakeSocket.all[0]?.tell(event);
  };
  answer("b");
  await store.run("1.2");
  assert.deepEqual(asked(), { study_uid: "A", series: "1.2" });
  end("b", "failed");
  await store.runAgain();
  assert.deepEqual(asked(), { study_uid: "A", series: "1.2" });
  answer("c");
  await store.run("1.2");
  end("c", "completed");
  answer("d");
  await store.runAgain();
  assert.deepEqual(asked(), { study_uid: "A", series: "1.2", again: true });
  // It is the second one that failed: not the first is shown in its place.
  end("d", "failed");
  await store.runAgain();
  assert.deepEqual(asked(), { study_uid: "A", series: "1.2", again: true });
  // Kept by the browser's tab.
  const { selected, again } = JSON.parse(stored.get("cordline study A") ?? "");
  assert.deepEqual([selected, again], ["1.2", true]);
});
