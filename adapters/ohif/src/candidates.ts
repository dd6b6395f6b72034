/** Series that a reader chooses between: what each is, and in what it differs from the others. */

import type { SeriesVerdict } from "@cordline/sdk";
import { strings } from "./strings";

/** One thing that is told of a series; `differs`: not the same in all. */
export interface Trait {
  name: string;
  text: string;
  differs: boolean;
}

/** How far apart heights may lie and still be the same, in mm. */
const SAME_MM = 5;

/** What to tell of each series, in the order of the series: only what is known of it. */
export function traits(series: readonly SeriesVerdict[]): Trait[][] {
  const heights = heightWords(series);
  const rows: [string, (one: SeriesVerdict, index: number) => string | undefined][] = [
    ["number", (one) => known(one.series_number, strings.seriesNumber)],
    ["time", (one) => known(one.acquired, timeOf)],
    ["height", (_, index) => heights[index]],
    ["sections", (one) => known(one.sections ?? one.frames, strings.sectionCount)],
    ["spacing", (one) => known(one.spacing_mm, strings.spacing)],
    ["type", (one) => (one.image_type?.length ? one.image_type.join(" · ") : undefined)],
  ];
  return series.map((one, index) =>
    rows.flatMap(([name, of]) => {
      const text = of(one, index);
      if (text === undefined) return [];
      const differs = series.some((other, at) => of(other, at) !== text);
      // The type is a scanner's own language: told where it is what tells them apart.
      return name === "type" && !differs ? [] : [{ name, text, differs }];
    }),
  );
}

function known<T>(value: T | undefined | null, say: (value: T) => string): string | undefined {
  return value === undefined || value === null ? undefined : say(value);
}

/** "10:15" of "2026-01-05T10:15:00". */
function timeOf(acquired: string): string {
  return strings.acquiredAt(acquired.slice(11, 16) || acquired);
}

/** How much of the patient each covers, and how far below the highest one it lies. */
function heightWords(series: readonly SeriesVerdict[]): (string | undefined)[] {
  const middle = (one: SeriesVerdict) => one.height_mm && (one.height_mm[0] + one.height_mm[1]) / 2;
  const middles = series.flatMap((one) => middle(one) ?? []);
  const top = Math.max(...middles);
  const spread = top - Math.min(...middles) > SAME_MM;
  return series.map((one) => {
    const own = middle(one);
    if (own === undefined || !one.height_mm) return undefined;
    const covers = strings.covers(one.height_mm[1] - one.height_mm[0]);
    if (!spread) return covers;
    return `${covers}, ${top - own > SAME_MM ? strings.lower(top - own) : strings.highest}`;
  });
}
