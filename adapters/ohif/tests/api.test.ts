import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, fetchAnalysis, fetchReviews, fetchSession, startAnalysis, submitReview } from "../src/api.js";
import { strings } from "../src/strings.js";

const json = (body: object, status = 200) => Response.json(body, { status });
const page = (status = 200) => new Response("<html></html>", { status, headers: { "Content-Type": "text/html" } });
const problem = (status: number) => json({ code: "c", message: "what", action: "do" }, status);
const told = (message: string) => (error: unknown) => error instanceof ApiError && error.message === message;

/** Answers every request, and keeps the bodies of those that change something. */
function gateway(answer: (path: string) => Response | Error) {
  const posted: unknown[] = [];
  globalThis.fetch = async (path, request) => {
    if (request?.body) posted.push(JSON.parse(String(request.body)));
    const given = answer(String(path));
    if (given instanceof Error) throw given;
    return given;
  };
  return posted;
}

test("a request that failed is not the answer that there is nothing", async () => {
  for (const [given, message] of [
    [() => problem(502), "what; do"],
    [() => page(502), strings.noAnswer(502)],
    [() => new Response("{", { status: 500, headers: { "Content-Type": "application/json" } }), strings.noAnswer(500)],
    [() => new TypeError("no network"), strings.lost],
  ] as const) {
    gateway(given);
    await assert.rejects(fetchReviews("1.2"), told(message));
    await assert.rejects(fetchAnalysis("1.2"), told(message));
    await assert.rejects(fetchSession(), told(message));
    await assert.rejects(startAnalysis("1.2"), told(message));
  }
});

test("nothing is there of a study that was not analysed, or with a gateway that does not tell", async () => {
  for (const given of [() => problem(404), () => page()]) {
    gateway(given);
    assert.deepEqual(await fetchReviews("1.2"), []);
    assert.equal(await fetchAnalysis("1.2"), undefined);
    assert.equal(await fetchSession(), undefined);
  }
});

test("a gateway is old if it answers with a page, not if it fails", async () => {
  const ended = new Response(null, { status: 204 });
  let posted = gateway((path) => (path.includes("reviews") ? page() : ended));
  await submitReview("1.2", "a", "accepted", "");
  assert.deepEqual(posted, [{ study_uid: "1.2", job: "a", accepted: true, reason: "" }]);
  await assert.rejects(submitReview("1.2", "a", "withdrawn", ""), told(strings.oldGateway));

  posted = gateway((path) => (path.includes("reviews") ? problem(502) : ended));
  await assert.rejects(submitReview("1.2", "a", "withdrawn", ""), told("what; do"));
  assert.deepEqual(posted, []);

  posted = gateway((path) => (path.includes("reviews") ? json([]) : ended));
  await submitReview("1.2", "a", "withdrawn", "");
  assert.deepEqual(posted, [{ study_uid: "1.2", job: "a", verdict: "withdrawn", reason: "" }]);
});

test("an answer that is a page is not read as one", async () => {
  gateway(() => page());
  await assert.rejects(startAnalysis("1.2"), told(strings.noAnswer(200)));
});
