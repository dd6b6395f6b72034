/** What a page remembers of a study, so that loading it anew changes nothing. It ends with the browser's tab. */

export interface Kept {
  /** The job that is shown. */
  job: string;
  /** Before a reader corrected it: which job it was, and what it had found. */
  first?: { job: string; finding: string };
  /** The heat map that is shown: of which answer, and how dense (0 to 1). */
  heat?: { classifier: string; opacity: number };
  /** What became of storing or judging. */
  done?: string;
}

const PREFIX = "cordline study ";

/** What was kept of a study; `undefined` where nothing was, or nothing that can be read. */
export function recall(study: string): Kept | undefined {
  try {
    const kept = JSON.parse(sessionStorage.getItem(PREFIX + study) ?? "null") as Kept | null;
    return typeof kept?.job === "string" ? kept : undefined;
  } catch {
    return undefined;
  }
}

export function keep(study: string, kept: Kept): void {
  sessionStorage.setItem(PREFIX + study, JSON.stringify(kept));
}
