/** Assigns voxels to lesions. The daemon sends masks without labels, and numbers lesions by the same rules. */

import { unpackBits } from "@cordline/sdk";
import type { Job } from "./job";

/** Labelmaps have one byte a voxel: the smallest lesions share the last label. */
const MAX_LABEL = 255;

/**
 * Labels the connected components (26 neighbours) of a mask of sections x rows x columns: 0 is background, 1 the largest lesion. Of
 * lesions of equal size the one with the first voxel comes first.
 */
export function lesionLabels(mask: Uint8Array, shape: readonly [number, number, number]): Uint8Array {
  const lesions: number[][] = [];
  const visited = new Uint8Array(mask.length);
  mask.forEach((voxel, start) => {
    if (!voxel || visited[start]) return;
    visited[start] = 1;
    const lesion = [start];
    for (const index of lesion) {
      for (const next of neighbours(index, shape)) {
        if (!mask[next] || visited[next]) continue;
        visited[next] = 1;
        lesion.push(next);
      }
    }
    lesions.push(lesion);
  });
  // The sort is stable, so lesions of equal size stay in the order of their first voxels.
  lesions.sort((a, b) => b.length - a.length);
  const labels = new Uint8Array(mask.length);
  lesions.forEach((lesion, index) => {
    for (const voxel of lesion) labels[voxel] = Math.min(index + 1, MAX_LABEL);
  });
  return labels;
}

/** Indices of a voxel and its 26 neighbours, within the volume. */
function* neighbours(index: number, [sections, rows, columns]: readonly [number, number, number]) {
  const column = index % columns;
  const row = Math.floor(index / columns) % rows;
  const section = Math.floor(index / (columns * rows));
  for (let s = Math.max(section - 1, 0); s <= Math.min(section + 1, sections - 1); s++)
    for (let r = Math.max(row - 1, 0); r <= Math.min(row + 1, rows - 1); r++)
      for (let c = Math.max(column - 1, 0); c <= Math.min(column + 1, columns - 1); c++)
        yield (s * rows + r) * columns + c;
}

/** Labels of each section, by section number from 1; `undefined` unless several lesions were measured. */
export function sectionLabels(job: Job): ReadonlyMap<number, Uint8Array> | undefined {
  const { grid, lesions, masks } = job;
  if (!grid || !lesions || lesions.length < 2) return undefined;
  const size = grid.shape[1] * grid.shape[2];
  const volume = new Uint8Array(grid.shape[0] * size);
  for (const [section, { rows, columns, bits }] of masks) {
    if (rows * columns === size) volume.set(unpackBits(bits, size), (section - 1) * size);
  }
  const labels = lesionLabels(volume, grid.shape);
  const ofSection = (section: number) => labels.subarray((section - 1) * size, section * size);
  return new Map([...masks.keys()].map((section) => [section, ofSection(section)]));
}
