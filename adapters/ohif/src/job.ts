/** A job as the panel shows it, made of its events alone: the same events give the same picture, however often they come. */

import {
  type Classification,
  type Event,
  type FileInfo,
  type Finding,
  type Happenings,
  hasEnded,
  type JobState,
  type Lesion,
  type Problem,
  type SeriesChoice,
} from "@cordline/sdk";

/** A mask of one section: rows x columns, one bit a voxel, as it came. */
export interface SectionMask {
  rows: number;
  columns: number;
  bits: Uint8Array;
}

/** A heat map of one section: rows x columns, 0 to 255, over the whole section. */
export interface SectionHeat {
  rows: number;
  columns: number;
  levels: Uint8Array;
}

export interface Job {
  readonly id: string;
  /** Number of the last event that is in here. */
  readonly last: number;
  readonly state: JobState;
  /** When this run began, and when the last event came: ms since 1970, by the box's clock. */
  readonly beganMs?: number;
  readonly lastMs?: number;
  /** When the first section of this run was done, by the same clock. */
  readonly sectionsMs?: number;
  readonly done: number;
  readonly total: number;
  readonly series?: SeriesChoice;
  readonly grid?: Happenings["grid"];
  /** By section number, from 1. */
  readonly masks: ReadonlyMap<number, SectionMask>;
  readonly lesions?: readonly Lesion[];
  readonly answers: readonly Classification[];
  /** By classifier, then by section number. */
  readonly heat: ReadonlyMap<string, ReadonlyMap<number, SectionHeat>>;
  readonly warnings: readonly string[];
  readonly files: readonly FileInfo[];
  readonly finding?: Finding;
  readonly problem?: Problem;
}

/** A job of which nothing is known yet. */
export function newJob(id: string): Job {
  return {
    id,
    last: 0,
    state: "receiving",
    done: 0,
    total: 0,
    masks: new Map(),
    answers: [],
    heat: new Map(),
    warnings: [],
    files: [],
  };
}

/** The job after one more event; the same job where the event is of another, or was there already. */
export function after(job: Job, event: Event, raw: Uint8Array): Job {
  if (event.job !== job.id || event.number <= job.last) return job;
  const next = { ...job, last: event.number, lastMs: event.at_ms, beganMs: job.beganMs ?? event.at_ms };
  switch (event.event) {
    case "state":
      return afterState(next, event.body);
    case "series":
      return { ...next, series: event.body };
    case "grid":
      return { ...next, grid: event.body };
    case "section": {
      const [rows = 0, columns = 0] = event.body.mask.shape;
      const masks = new Map(job.masks).set(event.body.section, { rows, columns, bits: raw });
      const sectionsMs = job.sectionsMs ?? event.at_ms;
      return { ...next, masks, sectionsMs, done: event.body.done, total: event.body.total };
    }
    case "lesions":
      return { ...next, lesions: event.body.lesions };
    case "classification":
      return { ...next, answers: [...job.answers.filter((a) => a.id !== event.body.id), event.body] };
    case "heat_map": {
      const [rows = 0, columns = 0] = event.body.map.shape;
      const own = new Map(job.heat.get(event.body.classifier)).set(event.body.section, { rows, columns, levels: raw });
      return { ...next, heat: new Map(job.heat).set(event.body.classifier, own) };
    }
    case "warning":
      return { ...next, warnings: [...job.warnings, event.body.message] };
    case "files":
      return { ...next, files: event.body.files };
    default:
      // A later daemon may tell more.
      return next;
  }
}

function afterState(job: Job, body: Happenings["state"]): Job {
  // Taken up again: what an earlier run said is not what this one will say.
  const begins = body.state === "queued" && job.last > 1;
  const now = job.lastMs === undefined ? {} : { beganMs: job.lastMs, lastMs: job.lastMs };
  const base = begins ? { ...newJob(job.id), last: job.last, ...now } : job;
  return {
    ...base,
    state: body.state,
    ...(body.finding ? { finding: body.finding } : {}),
    ...(body.problem ? { problem: body.problem } : {}),
  };
}

/** True while somebody waits for it. */
export function isRunning(job: Job): boolean {
  return !hasEnded(job.state);
}

/** Fewer sections than these tell nothing of how long the rest will take. */
const TELLING = 3;

/**
 * Seconds left: what the box says (`told`), and never less than the pace of this very run makes likely; `undefined` where it is too
 * early to say.
 */
export function secondsLeft(job: Job, told: number | undefined): number | undefined {
  const { state, done, total, sectionsMs, lastMs } = job;
  if (state !== "segmenting") return done > 0 ? told : undefined;
  if (done < TELLING || sectionsMs === undefined || lastMs === undefined) return undefined;
  const pace = (lastMs - sectionsMs) / (done - 1) / 1000;
  return Math.max(pace * (total - done), told ?? 0);
}
