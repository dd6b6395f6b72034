/** Sections of a volume and images of a viewer: which is which is said by where they lie, never by their order. */

import type { Matrix } from "@cordline/sdk";

/** As (0020,0032) and (0020,0037) of an image say it: LPS, mm. */
export interface Place {
  position: readonly number[];
  orientation: readonly number[];
}

/** How far an image may lie from its section, in mm, and how far a direction may lean. */
const NEAR_MM = 0.1;
const ALIGNED = 0.999;

/** Where the first voxel of section `section` (from 1) lies: LPS, mm. */
export function origin(matrix: Matrix, section: number): [number, number, number] {
  const at = (row: number) => (matrix[4 * row + 2] ?? 0) * (section - 1) + (matrix[4 * row + 3] ?? 0);
  return [at(0), at(1), at(2)];
}

/** Number of the section that an image shows, from 1; `undefined` where it shows none of this volume. */
export function sectionOf(matrix: Matrix, sections: number, place: Place): number | undefined {
  const along = (column: number) => {
    const v = [0, 1, 2].map((row) => matrix[4 * row + column] ?? 0);
    const length = Math.hypot(...v);
    return v.map((x) => x / length);
  };
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
  const rows = place.orientation.slice(0, 3);
  const columns = place.orientation.slice(3, 6);
  if (dot(along(0), rows) < ALIGNED || dot(along(1), columns) < ALIGNED) return undefined;
  for (let section = 1; section <= sections; section++) {
    const there = origin(matrix, section);
    const far = Math.hypot(...there.map((x, i) => x - (place.position[i] ?? Number.NaN)));
    if (far <= NEAR_MM) return section;
  }
  return undefined;
}
