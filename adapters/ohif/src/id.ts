/** Id of the extension: its package name, as OHIF registers it. */
export const id = "@cordline/ohif-extension";

/** Of the ids of our segmentations: OHIF numbers its own from "1". */
export const SEGMENTATION_PREFIX = "cordline-";

/** How often OHIF has entered its mode. */
let visits = 0;

/**
 * To be called when OHIF enters its mode. It removed all segmentations when it left it, and still knows colours by the ids that they had:
 * one that comes back under the same id has none, and 3.13 fails over that.
 */
export function beginVisit(): void {
  visits += 1;
}

/** Id of a segmentation of ours, by the job or display set that it is of. */
export function segmentationId(name: string): string {
  return visits > 1 ? `${SEGMENTATION_PREFIX}${name}-${visits}` : `${SEGMENTATION_PREFIX}${name}`;
}

/** Name of the panel in the extension's panel module. */
export const PANEL = "findings";
