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

/**
 * Index of the image whose plane lies nearest to a place (LPS, mm); the first of equal ones, and `undefined` where none says where
 * it lies. An image that does not is passed over.
 */
export function nearest(images: readonly (Place | undefined)[], place: readonly number[]): number | undefined {
  let found: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  images.forEach((image, index) => {
    const far = image ? distance(image, place) : Number.NaN;
    if (!(far < least)) return;
    least = far;
    found = index;
  });
  return found;
}

/** How far a place lies from the plane of an image, in mm. */
function distance({ position, orientation }: Place, place: readonly number[]): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = orientation.map(Number);
  const normal = [b * f - c * e, c * d - a * f, a * e - b * d];
  return Math.abs(normal.reduce((sum, n, i) => sum + n * ((place[i] ?? 0) - Number(position[i])), 0));
}
