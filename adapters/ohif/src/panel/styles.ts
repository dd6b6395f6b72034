/** Colours and shapes of the panel: light on dark, as the host is; every pair of text and ground has a contrast of 4.5 at least. */

import type { CSSProperties } from "react";

export const INK = "#f2f5f8";
export const FAINT = "#a9b4c0";
export const GROUND = "#0b1a2a";
export const RAISED = "#12263a";
export const ACCENT = "#3d8bd4";
export const WARN = "#f3c969";
export const BAD = "#ff8d85";
export const GOOD = "#6fd39b";

export const panel: CSSProperties = {
  height: "100%",
  overflowY: "auto",
  padding: 12,
  color: INK,
  background: GROUND,
  fontSize: 13,
  lineHeight: 1.45,
};
export const card: CSSProperties = { background: RAISED, borderRadius: 6, padding: 10, margin: "8px 0" };
export const heading: CSSProperties = { fontSize: 12, fontWeight: 600, color: FAINT, margin: "14px 0 4px" };
export const faint: CSSProperties = { color: FAINT, fontSize: 12 };

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
  border: `1px solid ${FAINT}`,
  borderRadius: 4,
  background: "transparent",
  color: INK,
  cursor: "pointer",
  whiteSpace: "nowrap",
};
