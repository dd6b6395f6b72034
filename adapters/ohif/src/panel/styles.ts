/** Colours and styles of the panel: light on dark like OHIF. Every pair of text and background has a contrast of at least 4.5. */

import type { CSSProperties } from "react";

export const INK = "#f2f5f8";
export const FAINT = "#a9b4c0";
export const GROUND = "#0b1a2a";
export const RAISED = "#12263a";
export const TRACK = "#26405a";
export const ACCENT = "#3d8bd4";
export const WARN = "#f3c969";
export const BAD = "#ff8d85";
export const GOOD = "#6fd39b";

/** Rules that inline styles cannot express: focus ring, states of controls. */
export const SHEET = `
[data-testid=cordline-panel] :is(button, input, summary):focus-visible { outline: 3px solid ${WARN}; outline-offset: 2px; }
[data-testid=cordline-panel] :is(button, input, summary) { font: inherit; }
[data-testid=cordline-panel] button:disabled { cursor: default; opacity: 0.5; }
[data-testid=cordline-panel] button[aria-pressed=true] { border-color: ${ACCENT} !important; background: ${TRACK} !important; }
[data-testid=cordline-panel] summary { cursor: pointer; }
[data-testid=cordline-panel] input[type=range] { accent-color: ${ACCENT}; }
`;

export const panel: CSSProperties = {
  height: "100%",
  display: "flex",
  flexDirection: "column",
  color: INK,
  background: GROUND,
  fontSize: 13,
  lineHeight: 1.45,
  overflowWrap: "anywhere",
};
export const scrolled: CSSProperties = { flex: 1, minHeight: 0, overflowY: "auto", padding: "8px 12px" };
/** Below the scrolled part, so always visible. */
export const foot: CSSProperties = {
  flex: "none",
  padding: "8px 12px",
  borderTop: `1px solid ${TRACK}`,
  fontWeight: 600,
  fontSize: 12,
};
export const card: CSSProperties = { background: RAISED, borderRadius: 6, padding: "6px 10px", margin: "5px 0" };
export const heading: CSSProperties = { fontSize: 12, fontWeight: 600, color: FAINT, margin: "8px 0 2px" };
export const faint: CSSProperties = { color: FAINT, fontSize: 12 };
export const row: CSSProperties = { display: "flex", flexWrap: "wrap", gap: 8, alignItems: "center" };

export const button: CSSProperties = {
  width: "100%",
  padding: "8px 10px",
  border: 0,
  borderRadius: 5,
  background: ACCENT,
  color: "#04101c",
  fontWeight: 600,
  cursor: "pointer",
};
export const quiet: CSSProperties = {
  padding: "2px 8px",
  borderWidth: 1,
  borderStyle: "solid",
  borderColor: FAINT,
  borderRadius: 4,
  background: "transparent",
  color: INK,
  cursor: "pointer",
  whiteSpace: "nowrap",
};
/** For buttons that share a row. */
export const shared: CSSProperties = { ...quiet, flex: "1 1 45%", padding: "5px 8px" };
