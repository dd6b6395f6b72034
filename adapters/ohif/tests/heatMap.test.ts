import assert from "node:assert/strict";
import { test } from "node:test";
import { quantize } from "../src/heatMap.js";

test("a coarse map is spread over the section without shifting, and its cool part stays clear", () => {
  const map = { rows: 1, columns: 4, levels: new Uint8Array([0, 0, 255, 255]) };
  const found = [...quantize(map, 2, 8)];
  assert.deepEqual(found.slice(0, 8), found.slice(8));
  assert.deepEqual(found.slice(0, 3), [0, 0, 0]);
  assert.deepEqual(found.slice(5, 8), [7, 7, 7]);
  assert.ok((found[4] ?? 0) > (found[3] ?? 0));
  assert.ok(quantize({ rows: 1, columns: 1, levels: new Uint8Array([60]) }, 2, 2).every((v) => v === 0));
});
