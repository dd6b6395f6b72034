/** Id of the extension: its package name, as OHIF registers it. */
export const id = "@cordline/ohif-extension";

/** Name of the panel in the extension's panel module. */
export const PANEL = "findings";
