/**
 * The messages of plugin-sdk/PROTOCOL.md, as the gateway passes them on. Research use only; not a medical device.
 *
 * Shapes of results (`Finding`, `Classification`, ...) are those of docs/result.schema.json.
 */

/** Major version of the protocol, in every message. */
export const MAJOR = 1;

/** The line that stands wherever a result appears. */
export const RESEARCH_USE = "Research use only; not a medical device";

export type JobState =
  | "receiving"
  | "queued"
  | "decoding"
  | "selecting"
  | "segmenting"
  | "classifying"
  | "explaining"
  | "writing"
  | "completed"
  | "needs_selection"
  | "out_of_scope"
  | "failed"
  | "cancelled";

export type Priority = "background" | "routine" | "urgent";
export type JobKind = "study" | "folder" | "volume" | "mask";
export type Role = "viewer" | "submitter" | "admin";
/** `bit`: eight to a byte, the first in the lowest bit. All others little-endian. */
export type Element = "bit" | "u8" | "i16" | "u16" | "f32";

/** Shape (the last axis runs fastest) and type of a raw frame. */
export interface Tensor {
  shape: number[];
  element: Element;
}

/** From (column, row, section, 1) to patient coordinates (LPS, mm): 4 x 4, row by row. */
export type Matrix = number[];

export interface Finding {
  name: string;
  subtype?: string;
  label: string;
}

export interface Problem {
  code: string;
  message: string;
  action: string;
}

export interface BundleIdentity {
  id: string;
  version: string;
  sha256: string;
  cohort: string;
  warning?: string;
}

export interface SeriesVerdict {
  uid: string;
  /** What names it in `choose`: the UID, or `UID#N` for the Nth volume of a series. Absent from older daemons: take `uid`. */
  selector?: string;
  /** What tells this volume from the others of its series: "echo 98 ms". */
  part?: string;
  description: string;
  series_number?: number;
  /** Local time of the scanner: `2026-01-05T10:15:00`. */
  acquired?: string;
  frames: number;
  sections?: number;
  /** Between sections, rows and columns. */
  spacing_mm?: [number, number, number];
  /** Lowest and highest place along the patient's long axis (LPS z). */
  height_mm?: [number, number];
  image_type?: string[];
  /** The rules accept it; another one was only better, or a person must choose. */
  fits?: boolean;
  /** Path of a PNG among the job's files. */
  thumbnail?: string;
  reasons: string[];
}

export interface SeriesChoice {
  uid?: string;
  selector?: string;
  series_number?: number;
  acquired?: string;
  study_uid?: string;
  frame_of_reference_uid?: string;
  description?: string;
  reasons: string[];
  candidates: SeriesVerdict[];
  rejected: SeriesVerdict[];
  shape?: [number, number, number];
  spacing_mm?: [number, number, number];
  pixel_sha256?: string;
  t1c_uid?: string;
}

export interface Classification {
  id: string;
  question: string;
  classes: [string, string];
  probabilities: Record<string, number>;
  labels: Record<string, string>;
  threshold: number;
  undecided: [number, number];
  decision: string;
  sections: { section: number; probability: number }[];
}

export interface Lesion {
  number: number;
  volume_ml: number;
  extent_mm: number;
  sections: number[];
  centre_lps_mm: [number, number, number];
}

export interface JobSummary {
  job: string;
  kind: JobKind;
  state: JobState;
  priority: Priority;
  submitted_ms: number;
  last_event: number;
  position?: number;
  seconds_left?: number;
  finding?: Finding;
  problem?: Problem;
  /** Once the files were read. */
  study_uid?: string;
  /** Who corrected its mask. */
  reader?: string;
  /** The job whose mask it corrects. */
  corrects?: string;
  /** What readers said of the answer, oldest first: the last one stands. */
  reviews?: Review[];
}

export type Verdict = "accepted" | "rejected" | "withdrawn";

/** What a reader said of an answer. */
export interface Review {
  job: string;
  reader: string;
  at_ms: number;
  verdict: Verdict;
  reason: string;
  /** The same as a DICOM structured report, for `artifact`. */
  file?: FileInfo;
}

/** A result object of an earlier analysis of the same study. */
export interface Predecessor {
  series_uid: string;
  sop_class_uid: string;
  sop_uid: string;
}

export interface FileInfo {
  path: string;
  kind: string;
  media_type: string;
  bytes: number;
  sha256: string;
}

export interface Instance {
  sop_uid: string;
  bytes: number;
  sha256: string;
}

export interface Voxels {
  tensor: Tensor;
  matrix: Matrix;
  sha256: string;
}

export type Input =
  | { kind: "study"; instances: Instance[]; again?: number }
  | { kind: "folder"; path: string; again?: number }
  | { kind: "volume"; t2w: Voxels; t1c?: Voxels }
  | { kind: "mask"; job: string; mask: Tensor; sha256: string; reader?: string };

export type Submit = Input & { priority?: Priority; series?: string; predecessors?: Predecessor[] };

/** Body of each verb. */
export interface Requests {
  hello: { client: string };
  ping: Record<string, never>;
  submit: Submit;
  chunk: { job: string; item: number; offset: number };
  commit: { job: string };
  events: { job: string; since?: number; follow?: boolean };
  artifact: { job: string; path: string; offset?: number };
  list: { states?: JobState[]; limit?: number; before_ms?: number };
  status: { job?: string };
  cancel: { job: string };
  choose: { job: string; series: string };
  /** `reader`: the gateway puts the name of the token here. */
  review: { job: string; verdict: Verdict; reason?: string; reader: string };
  device: Record<string, never>;
}

export type Verb = keyof Requests;

export interface Limits {
  header_bytes: number;
  frame_bytes: number;
  chunks_in_flight: number;
  items: number;
  job_bytes: number;
  voxels: number;
  silence_s: number;
}

export interface Welcome {
  daemon: string;
  notice: string;
  protocol: [number, number];
  role: Role;
  limits: Limits;
  bundle?: BundleIdentity;
  ready: boolean;
}

export interface Upload {
  job: string;
  state: JobState;
  received?: number[];
  offset?: number;
  credit: number;
}

export interface Fault {
  code: string;
  message: string;
  action: string;
  retry: boolean;
}

/** Body of each answer. */
export interface Answers {
  welcome: Welcome;
  pong: Record<string, never>;
  upload: Upload;
  job: JobSummary;
  events: { job: string; last: number; state: JobState };
  artifact: { offset: number; bytes: number };
  jobs: { jobs: JobSummary[]; more: boolean };
  daemon: {
    uptime_s: number;
    ready: boolean;
    jobs: Record<string, number>;
    seconds_left?: number;
    disk_free_bytes: number;
    warnings: string[];
  };
  device: { processor: string; gpu?: string; provider: string; precision: string; fallbacks: string[] };
  fault: Fault;
}

/** Body of each event. */
export interface Happenings {
  state: { state: JobState; finding?: Finding; problem?: Problem };
  series: SeriesChoice;
  grid: { shape: [number, number, number]; matrix: Matrix; pixel_sha256: string; provider: string };
  section: { section: number; done: number; total: number; final: boolean; mask: Tensor };
  lesions: { lesions: Lesion[] };
  classification: Classification;
  heat_map: { classifier: string; class: string; section: number; map: Tensor };
  warning: { message: string };
  files: { files: FileInfo[] };
}

type Of<Bodies, Key extends string> = {
  [K in keyof Bodies]: { [P in Key]: K } & { body: Bodies[K] };
}[keyof Bodies];

export type Request = { v: number; id: number } & Of<Requests, "verb">;
export type Reply = { v: number; id: number } & Of<Answers, "reply">;
export type Event = { v: number; job: string; number: number; at_ms: number } & Of<Happenings, "event">;
export type FromDaemon = Reply | Event;

/** The answer to each verb, where it is not refused. */
export interface AnswerOf {
  hello: Welcome;
  ping: Answers["pong"];
  submit: Upload;
  chunk: Upload;
  commit: JobSummary;
  events: Answers["events"];
  artifact: Answers["artifact"];
  list: Answers["jobs"];
  status: JobSummary | Answers["daemon"];
  cancel: JobSummary;
  choose: JobSummary;
  review: JobSummary;
  device: Answers["device"];
}

/** True for a state in which nothing more happens by itself. */
export function hasEnded(state: JobState): boolean {
  return ["completed", "needs_selection", "out_of_scope", "failed", "cancelled"].includes(state);
}

/** The review that stands; none where none was given, or the last one was withdrawn. */
export function standingReview(reviews: readonly Review[] | undefined): Review | undefined {
  const last = reviews?.at(-1);
  return last?.verdict === "withdrawn" ? undefined : last;
}

/** One byte a voxel, 0 or 1; voxels that are not there are 0. */
export function unpackBits(packed: Uint8Array, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => ((packed[i >> 3] ?? 0) >> (i & 7)) & 1);
}

/** Packs voxels, first into the lowest bit of the first byte. */
export function packBits(mask: ArrayLike<number | boolean>): Uint8Array {
  const packed = new Uint8Array(Math.ceil(mask.length / 8));
  for (let i = 0; i < mask.length; i++) {
    if (mask[i]) packed[i >> 3]! |= 1 << (i & 7);
  }
  return packed;
}
