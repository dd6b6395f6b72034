/** What the panel knows: of the box, of the study that is looked at, and of its job. */

import type { Review, Role, Welcome } from "@cordline/sdk";
import type { Contact } from "./connection";
import type { LesionMark } from "./host";
import type { Job } from "./job";
import type { Kept } from "./kept";

/** Whose token this browser has. */
export interface Me {
  name: string;
  role: Role;
}

/** A study as people tell it from another one. */
export interface StudyWords {
  /** As (0008,0020) has it: 20260105. */
  date?: string;
  description?: string;
}

/** How masks are drawn, of whatever study. */
export interface View {
  /** Edges alone, so that the image is seen under them. */
  outline: boolean;
  /** How dense they are, 0 to 1. */
  opacity: number;
  /** Nothing of ours is drawn at all, masks or heat: the images as the scanner made them. */
  hidden: boolean;
}

/** A job that classified what a reader corrected. */
export interface Correction {
  job: string;
  /** The job whose mask it was. */
  of: string;
  /** Name of the reader, where the box was told. */
  reader?: string;
}

/**
 * How something of ours stands in the viewer, found out by looking at the viewer: `none` of its images are shown; they are shown
 * by views alone in which it cannot be drawn (`unfit`); it is `drawn`; it is `hidden`; the viewer is about to
 * draw it (`coming`); or it should be there and is not (`lost`).
 */
export type Seen = "none" | "unfit" | "drawn" | "hidden" | "coming" | "lost";

export interface Known {
  readonly contact: Contact;
  /** What the box said of itself when it was last there. */
  readonly welcome?: Welcome;
  /** Whose token this browser has, where the gateway tells. */
  readonly me?: Me;
  /** Study Instance UID of what is looked at. */
  readonly study?: string;
  /** The same study in words. */
  readonly words?: StudyWords;
  /** Series Instance UID of what is looked at. */
  readonly shown?: string;
  readonly job?: Job;
  readonly position?: number;
  readonly secondsLeft?: number;
  /** Between a click and the box's answer. */
  readonly asking: boolean;
  /** While a reader corrects the mask. */
  readonly correcting: boolean;
  /** What readers said of the study's analyses, oldest first. */
  readonly reviews: readonly Review[];
  /** The job whose mask was corrected, and what it had found: what was said first stays in sight. */
  readonly first?: Kept["first"];
  /** The job that is shown, where it classified a corrected mask. */
  readonly corrects?: Correction;
  /** The heat map that is shown: of which answer, and how dense. */
  readonly heat?: Kept["heat"];
  /** What became of storing. */
  readonly done?: string;
  /** Series that the reader waits to see: that of the job that was begun here. */
  readonly awaited?: string;
  /** A job that was there before the study was opened: its images are hung first, where the reader has not begun to read. */
  readonly hang?: string;
  /** The job whose end is news: it ran when it was found, or was begun here. */
  readonly news?: string;
  readonly error?: string;
  /** Why nothing of the job is shown: it is about other images. */
  readonly refused?: string;
  /** How each lesion stands in the viewports, by its number. */
  readonly marks: ReadonlyMap<number, LesionMark>;
  readonly view: View;
  /** How masks and heat map stand in the viewer. */
  readonly masksSeen: Seen;
  readonly heatSeen: Seen;
  /** True where a 3D view is among those that show the images: nothing of ours is drawn in it. */
  readonly has3d: boolean;
}

/** True where the reader may do more than look; a gateway that does not tell refuses by itself. */
export function isSubmitter({ me }: Known): boolean {
  return me?.role !== "viewer";
}
