/** Matches sections of a volume with images by position and orientation, never by order. */

import type { Matrix } from "@cordline/sdk";

/** Image Position (0020,0032) and Image Orientation (0020,0037): LPS, mm. */
export interface ImagePlane {
  position: readonly number[];
  orientation: readonly number[];
}

/** Tolerances for "the same place": distance, and cosine between directions. */
const MAX_DISTANCE_MM = 0.1;
const MIN_COSINE = 0.999;

/** Position of the first voxel of a section (from 1): LPS, mm. */
export function sectionOrigin(matrix: Matrix, section: number): [number, number, number] {
  const at = (row: number) => (matrix[4 * row + 2] ?? 0) * (section - 1) + (matrix[4 * row + 3] ?? 0);
  return [at(0), at(1), at(2)];
}

/** Number of the section in an image plane, from 1; `undefined` if no section lies there. */
export function findSection(matrix: Matrix, sections: number, plane: ImagePlane): number | undefined {
  const direction = (column: number) => {
    const v = [0, 1, 2].map((row) => matrix[4 * row + column] ?? 0);
    const length = Math.hypot(...v);
    return v.map((x) => x / length);
  };
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
  const rows = plane.orientation.slice(0, 3);
  const columns = plane.orientation.slice(3, 6);
  if (dot(direction(0), rows) < MIN_COSINE || dot(direction(1), columns) < MIN_COSINE) return undefined;
  for (let section = 1; section <= sections; section++) {
    const origin = sectionOrigin(matrix, section);
    const distance = Math.hypot(...origin.map((x, i) => x - (plane.position[i] ?? Number.NaN)));
    if (distance <= MAX_DISTANCE_MM) return section;
  }
  return undefined;
}

/** Index of the image whose plane is nearest to a point (LPS, mm), the first of equals; images without a plane are skipped. */
export function nearestImage(
  images: readonly (ImagePlane | undefined)[],
  point: readonly number[],
): number | undefined {
  let nearest: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  images.forEach((image, index) => {
    const distance = image ? distanceToPlane(image, point) : Number.NaN;
    // Not `distance >= least`: NaN is skipped too.
    if (!(distance < least)) return;
    least = distance;
    nearest = index;
  });
  return nearest;
}

function distanceToPlane({ position, orientation }: ImagePlane, point: readonly number[]): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = orientation.map(Number);
  const normal = [b * f - c * e, c * d - a * f, a * e - b * d];
  return Math.abs(normal.reduce((sum, n, i) => sum + n * ((point[i] ?? 0) - Number(position[i])), 0));
}
