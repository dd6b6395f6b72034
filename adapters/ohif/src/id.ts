/** Id of the extension: its package name, as OHIF registers it. */
export const id = "@cordline/ohif-extension";

/** Of the ids of our segmentations: OHIF numbers its own from "1". */
export const SEGMENTATION_PREFIX = "cordline-";

/** Name of the panel in the extension's panel module. */
export const PANEL = "findings";
