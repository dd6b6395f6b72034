/** A job as a pure function of its events: the same events give the same job, however often they come. */

import {
  type Classification,
  type Event,
  type EventBodies,
  type FileInfo,
  type Finding,
  hasEnded,
  type JobState,
  type Lesion,
  type Problem,
  type SeriesChoice,
} from "@cordline/sdk";

/** A mask of one section: rows x columns, packed to one bit a voxel. */
export interface SectionMask {
  rows: number;
  columns: number;
  bits: Uint8Array;
}

/** A heat map of one section: rows x columns of values 0 to 255, spread over the whole section. */
export interface SectionHeat {
  rows: number;
  columns: number;
  levels: Uint8Array;
}

export interface Job {
  readonly id: string;
  /** Number of the last event that was applied. */
  readonly last: number;
  readonly state: JobState;
  /** First and last event of this run: ms since 1970, by the daemon's clock. */
  readonly beganMs?: number;
  readonly lastMs?: number;
  /** First section of this run, by the same clock. */
  readonly sectionsMs?: number;
  readonly done: number;
  readonly total: number;
  readonly series?: SeriesChoice;
  readonly grid?: EventBodies["grid"];
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

/** Applies an event. Events of other jobs and repeated ones return the same object. */
export function applyEvent(job: Job, event: Event, raw: Uint8Array): Job {
  if (event.job !== job.id || event.number <= job.last) return job;
  const next = { ...job, last: event.number, lastMs: event.at_ms, beganMs: job.beganMs ?? event.at_ms };
  switch (event.event) {
    case "state":
      return applyState(next, event.body);
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
      const sections = new Map(job.heat.get(event.body.classifier)).set(event.body.section, {
        rows,
        columns,
        levels: raw,
      });
      return { ...next, heat: new Map(job.heat).set(event.body.classifier, sections) };
    }
    case "warning":
      return { ...next, warnings: [...job.warnings, event.body.message] };
    case "files":
      return { ...next, files: event.body.files };
    default:
      // Newer daemons may have more kinds of events.
      return next;
  }
}

function applyState(job: Job, body: EventBodies["state"]): Job {
  // The job was queued again: the results of the earlier run do not count.
  const restarts = body.state === "queued" && job.last > 1;
  const now = job.lastMs === undefined ? {} : { beganMs: job.lastMs, lastMs: job.lastMs };
  const base = restarts ? { ...newJob(job.id), last: job.last, ...now } : job;
  return {
    ...base,
    state: body.state,
    ...(body.finding ? { finding: body.finding } : {}),
    ...(body.problem ? { problem: body.problem } : {}),
  };
}

export function isRunning(job: Job): boolean {
  return !hasEnded(job.state);
}

/** Sections that are needed for an estimate. */
const MIN_SECTIONS = 3;

/** Seconds left: the larger of the daemon's estimate and the pace of this run; `undefined` if it is too early to say. */
export function secondsLeft(job: Job, estimate: number | undefined): number | undefined {
  const { state, done, total, sectionsMs, lastMs } = job;
  if (state !== "segmenting") return done > 0 ? estimate : undefined;
  if (done < MIN_SECTIONS || sectionsMs === undefined || lastMs === undefined) return undefined;
  const pace = (lastMs - sectionsMs) / (done - 1) / 1000;
  return Math.max(pace * (total - done), estimate ?? 0);
}
