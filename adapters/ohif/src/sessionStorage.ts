/** State of a study that survives a reload of the page, in the sessionStorage of the browser's tab. */

/** Stored as JSON. The names of the fields are the format: a tab may outlive an update of the extension. */
export interface StoredStudy {
  /** The job that is shown. */
  job: string;
  /** The series that a person selected for it. */
  selected?: string;
  /** True if it was started beside an earlier job of the same study. */
  again?: boolean;
  /** If `job` classified a corrected mask: the job before the correction, and its finding. */
  first?: { job: string; finding: string };
  /** The heat map that is shown, if any; opacity 0 to 1. */
  heat?: { classifier: string; opacity: number };
  /** Message of the last request that succeeded. */
  done?: string;
}

const PREFIX = "cordline study ";

/** The state of a study; `undefined` if nothing, or nothing readable, is stored. */
export function loadStudy(studyUid: string): StoredStudy | undefined {
  try {
    const stored = JSON.parse(sessionStorage.getItem(PREFIX + studyUid) ?? "null") as StoredStudy | null;
    return typeof stored?.job === "string" ? stored : undefined;
  } catch {
    return undefined;
  }
}

export function saveStudy(studyUid: string, stored: StoredStudy): void {
  sessionStorage.setItem(PREFIX + studyUid, JSON.stringify(stored));
}
