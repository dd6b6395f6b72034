/** The state that the panel renders. `store.ts` changes it. */

import type { Review, Role, Welcome } from "@cordline/sdk";
import type { ConnectionState } from "./connection";
import type { Job } from "./job";
import type { LesionStatus } from "./ohifServices";
import type { StoredStudy } from "./sessionStorage";

/** Owner and role of the token that this browser has. */
export interface Session {
  name: string;
  role: Role;
}

/** What a person recognises a study by. */
export interface StudyLabel {
  /** Study Date (0008,0020): 20260105. */
  date?: string;
  description?: string;
}

/** How masks are displayed, in every study. */
export interface DisplayOptions {
  /** Outlines instead of filled masks. */
  outline: boolean;
  /** 0 to 1. */
  opacity: number;
  /** Hides masks and heat maps. */
  hidden: boolean;
}

/** A job that classified a corrected mask. */
export interface CorrectionOrigin {
  job: string;
  /** The job whose mask was corrected. */
  of: string;
  /** Name of the reader, if the daemon was told. */
  reader?: string;
}

/**
 * Whether an overlay is drawn, as read from the viewports: `none` shows its images; `unsupported`: only viewports that cannot draw it
 * show them; `drawn`; `hidden`; `pending`: OHIF has yet to mount it; `lost`: it should be drawn and is not.
 */
export type OverlayStatus = "none" | "unsupported" | "drawn" | "hidden" | "pending" | "lost";

export interface PanelState {
  readonly connection: ConnectionState;
  /** Of the last connection. */
  readonly welcome?: Welcome;
  /** Absent with a gateway that does not tell. */
  readonly session?: Session;
  /** Study and series of the active viewport. */
  readonly studyUid?: string;
  readonly studyLabel?: StudyLabel;
  readonly seriesUid?: string;
  readonly job?: Job;
  readonly queuePosition?: number;
  readonly secondsLeft?: number;
  /** True between a click and the answer to its request. */
  readonly requesting: boolean;
  /** True while the request that is under way starts a job. */
  readonly starting: boolean;
  /** True while a reader corrects the mask. */
  readonly correcting: boolean;
  /** The series that a person selected for the job, or for the one whose mask it corrects. */
  readonly selected?: string;
  /** True if the job was started beside an earlier one. */
  readonly again?: boolean;
  /** Of all analyses of the study, oldest first. */
  readonly reviews: readonly Review[];
  /** Why there may be others, if the last request for them failed. */
  readonly reviewsUnknown?: string;
  /** The job before the correction, whose finding stays visible. */
  readonly first?: StoredStudy["first"];
  /** Set if the job classified a corrected mask. */
  readonly correction?: CorrectionOrigin;
  readonly heat?: StoredStudy["heat"];
  readonly done?: string;
  /** Series of a job that was started here: to be opened as soon as it is known. */
  readonly seriesToOpen?: string;
  /** Finished job that was there before the study was opened: its series and largest lesion are to be shown. */
  readonly jobToOpen?: string;
  /** Job whose end is to be notified: it was running when it was found, or was started here. */
  readonly jobToNotify?: string;
  readonly error?: string;
  /** Why the job is not shown: it belongs to other images. */
  readonly mismatch?: string;
  /** By lesion number. */
  readonly lesionStatus: ReadonlyMap<number, LesionStatus>;
  readonly display: DisplayOptions;
  readonly maskStatus: OverlayStatus;
  readonly heatMapStatus: OverlayStatus;
  /** True if a 3D viewport shows the images, in which nothing is drawn. */
  readonly has3d: boolean;
}

/** True if the reader may do more than look. Unknown counts as allowed: the gateway checks every request itself. */
export function isSubmitter({ session }: PanelState): boolean {
  return session?.role !== "viewer";
}
