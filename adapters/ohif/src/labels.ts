/** Which voxel belongs to which lesion: the box sends masks, and numbers lesions as is done here. */

import { unpackBits } from "@cordline/sdk";
import type { Job } from "./job";

/** Most labels that a labelmap of bytes can hold; smaller lesions beyond share the last one. */
const MOST = 255;

/**
 * Lesion numbers of a whole mask: sections x rows x columns, 0 where there is none, 1 for the largest lesion.
 * Voxels that touch at a face, an edge or a corner are one lesion; of equal ones the first in the volume goes first.
 */
export function lesionLabels(mask: Uint8Array, shape: readonly [number, number, number]): Uint8Array {
  const found: number[][] = [];
  const seen = new Uint8Array(mask.length);
  mask.forEach((voxel, start) => {
    if (!voxel || seen[start]) return;
    seen[start] = 1;
    const lesion = [start];
    for (const at of lesion) {
      for (const next of around(at, shape)) {
        if (!mask[next] || seen[next]) continue;
        seen[next] = 1;
        lesion.push(next);
      }
    }
    found.push(lesion);
  });
  // The sort keeps the order of equal ones, which is that of their first voxels.
  found.sort((a, b) => b.length - a.length);
  const labels = new Uint8Array(mask.length);
  found.forEach((lesion, index) => {
    for (const voxel of lesion) labels[voxel] = Math.min(index + 1, MOST);
  });
  return labels;
}

/** A voxel and all that touch it, by index, within the volume. */
function* around(index: number, [sections, rows, columns]: readonly [number, number, number]) {
  const column = index % columns;
  const row = Math.floor(index / columns) % rows;
  const section = Math.floor(index / (columns * rows));
  for (let s = Math.max(section - 1, 0); s <= Math.min(section + 1, sections - 1); s++)
    for (let r = Math.max(row - 1, 0); r <= Math.min(row + 1, rows - 1); r++)
      for (let c = Math.max(column - 1, 0); c <= Math.min(column + 1, columns - 1); c++)
        yield (s * rows + r) * columns + c;
}

/** Lesion numbers of each section, by section number from 1; `undefined` before lesions were measured, or where one is all. */
export function numbered(job: Job): ReadonlyMap<number, Uint8Array> | undefined {
  const { grid, lesions, masks } = job;
  if (!grid || !lesions || lesions.length < 2) return undefined;
  const size = grid.shape[1] * grid.shape[2];
  const whole = new Uint8Array(grid.shape[0] * size);
  for (const [section, { rows, columns, bits }] of masks) {
    if (rows * columns === size) whole.set(unpackBits(bits, size), (section - 1) * size);
  }
  const labels = lesionLabels(whole, grid.shape);
  const of = (section: number) => labels.subarray((section - 1) * size, section * size);
  return new Map([...masks.keys()].map((section) => [section, of(section)]));
}
