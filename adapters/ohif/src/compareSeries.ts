/** Describes the series that a reader can select from, and marks in what they differ. */

import type { SeriesVerdict } from "@cordline/sdk";
import { strings } from "./strings";

export interface SeriesAttribute {
  name: string;
  text: string;
  /** Not the same in all series. */
  differs: boolean;
}

/** Heights up to this far apart count as equal. */
const HEIGHT_TOLERANCE_MM = 5;

/** The known attributes of each series, in the order of the series. */
export function compareSeries(series: readonly SeriesVerdict[]): SeriesAttribute[][] {
  const heights = describeHeights(series);
  const attributes: [string, (one: SeriesVerdict, index: number) => string | undefined][] = [
    ["number", (one) => describe(one.series_number, strings.seriesNumber)],
    ["time", (one) => describe(one.acquired, formatTime)],
    ["height", (_, index) => heights[index]],
    ["sections", (one) => describe(one.sections ?? one.frames, strings.sectionCount)],
    ["spacing", (one) => describe(one.spacing_mm, strings.spacing)],
    ["type", (one) => (one.image_type?.length ? one.image_type.join(" · ") : undefined)],
  ];
  return series.map((one, index) =>
    attributes.flatMap(([name, textOf]) => {
      const text = textOf(one, index);
      if (text === undefined) return [];
      const differs = series.some((other, at) => textOf(other, at) !== text);
      // Image types are in vendor terms: only of use if they tell the series apart.
      return name === "type" && !differs ? [] : [{ name, text, differs }];
    }),
  );
}

function describe<T>(value: T | undefined | null, format: (value: T) => string): string | undefined {
  return value === undefined || value === null ? undefined : format(value);
}

/** "10:15" of "2026-01-05T10:15:00". */
function formatTime(acquired: string): string {
  return strings.acquiredAt(acquired.slice(11, 16) || acquired);
}

/** Coverage of each series along the patient's long axis, and how far below the highest one it lies. */
function describeHeights(series: readonly SeriesVerdict[]): (string | undefined)[] {
  const middle = (one: SeriesVerdict) => one.height_mm && (one.height_mm[0] + one.height_mm[1]) / 2;
  const middles = series.flatMap((one) => middle(one) ?? []);
  const top = Math.max(...middles);
  const differ = top - Math.min(...middles) > HEIGHT_TOLERANCE_MM;
  return series.map((one) => {
    const own = middle(one);
    if (own === undefined || !one.height_mm) return undefined;
    const covers = strings.covers(one.height_mm[1] - one.height_mm[0]);
    if (!differ) return covers;
    return `${covers}, ${top - own > HEIGHT_TOLERANCE_MM ? strings.lower(top - own) : strings.highest}`;
  });
}
