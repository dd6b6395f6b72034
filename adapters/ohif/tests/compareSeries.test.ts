import assert from "node:assert/strict";
import { test } from "node:test";
import type { SeriesVerdict } from "@cordline/sdk";
import { compareSeries } from "../src/compareSeries.js";

const series = (number: number, rest: Partial<SeriesVerdict> = {}): SeriesVerdict => ({
  uid: `1.${number}`,
  selector: `1.${number}`,
  description: "T2 TSE sag",
  series_number: number,
  frames: 13,
  sections: 13,
  spacing_mm: [3, 0.9, 1.1],
  height_mm: [-80, 80],
  acquired: "2026-01-05T10:15:00",
  image_type: ["ORIGINAL", "PRIMARY"],
  reasons: [],
  ...rest,
});

test("what differs between series is told apart from what is the same", () => {
  const [first, second] = compareSeries([series(3), series(7, { acquired: "2026-01-05T10:42:00" })]);
  const differing = (of: typeof first) => of?.filter((one) => one.differs).map((one) => one.text);
  assert.deepEqual(differing(first), ["Series 3", "at 10:15"]);
  assert.deepEqual(differing(second), ["Series 7", "at 10:42"]);
  assert.ok(first?.some((one) => one.text === "13 sections" && !one.differs));
});

test("of two stations it is said which lies lower, and by how much", () => {
  const [neck, back] = compareSeries([series(3), series(4, { height_mm: [-300, -140] })]);
  const height = (of: typeof neck) => of?.find((one) => one.name === "height")?.text;
  assert.equal(height(neck), "covers 160 mm, highest");
  assert.equal(height(back), "covers 160 mm, 220 mm lower");
});

test("the scanner's own words are told only where they tell series apart", () => {
  const types = (of: SeriesVerdict[]) => compareSeries(of).map((one) => one.find(({ name }) => name === "type")?.text);
  assert.deepEqual(types([series(3), series(4)]), [undefined, undefined]);
  const derived = ["DERIVED", "PRIMARY"];
  assert.deepEqual(types([series(3), series(4, { image_type: derived })]), ["ORIGINAL · PRIMARY", "DERIVED · PRIMARY"]);
});

test("of a series of an older box what is known is told, and no more", () => {
  const old = { uid: "1.2", description: "", frames: 9, reasons: [] } as unknown as SeriesVerdict;
  assert.deepEqual(compareSeries([old])[0], [{ name: "sections", text: "9 sections", differs: false }]);
});
