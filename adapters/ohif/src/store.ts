/** What the panel knows. It lives beside React and outlives the panel: the host takes a panel down with every change of tab. */

import type { JobSummary } from "@cordline/sdk";
import { analyse, Failed, judge, knownAnalysis, store } from "./api";
import { Connection, type Contact } from "./connection";
import { after, isRunning, type Job, newJob } from "./job";
import { strings } from "./strings";

export interface Known {
  readonly contact: Contact;
  /** Study Instance UID of what is looked at. */
  readonly study?: string;
  /** Series Instance UID of what is looked at. */
  readonly shown?: string;
  readonly job?: Job;
  readonly position?: number;
  readonly secondsLeft?: number;
  /** Between a click and the box's answer. */
  readonly asking: boolean;
  /** While a reader corrects the mask. */
  readonly correcting: boolean;
  /** The job whose mask was corrected, and that answers again: what was said first stays in sight. */
  readonly first?: Job;
  /** The heat map that is shown: of which answer, and how dense. */
  readonly heat?: { classifier: string; opacity: number };
  /** What became of storing or judging. */
  readonly done?: string;
  /** Series that the reader waits to see: that of the job that was begun here. */
  readonly awaited?: string;
  readonly error?: string;
}

const STANDING_MS = 1000;
/** Under which name a page remembers the job of a study. */
const KEPT = "cordline job of ";

export class Store {
  private known: Known = { contact: { kind: "connecting" }, asking: false, correcting: false };
  private readonly listeners = new Set<() => void>();
  private readonly connection = new Connection({
    contact: (contact) => {
      this.set({ contact });
      if (contact.kind === "there") void this.resume();
    },
    event: (event, raw) => {
      const { job } = this.known;
      if (!job || event.job !== job.id) return;
      this.set({ job: after(job, event, raw) });
      const begunHere = this.begun === job.id && event.event === "series";
      if (begunHere && event.body.uid) this.set({ awaited: event.body.uid });
    },
  });
  /** The job of each study that was looked at: another study and back again finds it as it was. */
  private readonly jobs = new Map<string, Job>();
  /** The job that a click in this page began. */
  private begun: string | undefined;

  constructor() {
    void this.connection.open();
    setInterval(() => void this.lookAtQueue(), STANDING_MS);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly get = (): Known => this.known;

  /** Other images are looked at. */
  look(study: string, series: string): void {
    if (study === this.known.study) {
      if (series !== this.known.shown) this.set({ shown: series });
      return;
    }
    const { study: before, job } = this.known;
    if (before && job) this.jobs.set(before, job);
    this.known = {
      contact: this.known.contact,
      asking: false,
      correcting: false,
      study,
      shown: series,
      ...(this.jobs.has(study) ? { job: this.jobs.get(study) as Job } : {}),
    };
    this.tell();
    void this.resume();
  }

  /** Has the study analysed; `series` where a person chose one. */
  run(series?: string): Promise<void> {
    return this.ask(async (study) => {
      const summary = await analyse(study, series);
      this.begun = summary.job;
      this.set({ first: undefined });
      this.follow(summary, study);
    });
  }

  /** Shows the heat map of an answer, another one, or none. */
  showHeat(heat: Known["heat"]): void {
    this.set({ heat });
  }

  /** Lets the reader correct the mask, or gives that up. */
  correct(correcting: boolean): void {
    this.set({ correcting });
  }

  /** Has the corrected mask classified. What was said of the first one stays. */
  classify(mask: { shape: [number, number, number]; voxels: Uint8Array } | undefined): Promise<void> {
    return this.ask(async (study) => {
      const { job } = this.known;
      if (!job || !mask) throw new Failed(strings.notDrawn);
      const summary = await this.connection.correct(job.id, mask.shape, mask.voxels);
      if (!summary) throw new Failed(strings.lost);
      this.set({ correcting: false, first: this.known.first ?? job });
      this.follow(summary, study);
    });
  }

  /** Stores the results in the archive. */
  keep(): Promise<void> {
    return this.ask(async (study) => {
      const { job } = this.known;
      if (job) this.set({ done: strings.stored(await store(study, job.id)) });
    });
  }

  /** Writes on the study what the reader says. */
  judge(accepted: boolean, reason: string): Promise<void> {
    return this.ask(async (study) => {
      const { job } = this.known;
      if (!job) return;
      await judge(study, job.id, accepted, reason);
      this.set({ done: accepted ? strings.accepted : strings.rejected });
    });
  }

  /** One thing at a time; what goes wrong is shown. */
  private async ask(work: (study: string) => Promise<void>): Promise<void> {
    const { study, asking } = this.known;
    if (!study || asking) return;
    this.set({ asking: true, error: undefined, done: undefined });
    try {
      await work(study);
    } catch (error) {
      if (!(error instanceof Failed)) console.error(error);
      this.set({ error: error instanceof Error ? error.message : String(error) });
    } finally {
      this.set({ asking: false });
    }
  }

  /** The awaited series is shown. */
  seen(): void {
    this.set({ awaited: undefined });
  }

  async cancel(): Promise<void> {
    const { job } = this.known;
    if (job) await this.connection.cancel(job.id).catch((error: Error) => this.set({ error: error.message }));
  }

  /** Goes on with the study's job after a lost connection, or finds the one that was made when it arrived. */
  private async resume(): Promise<void> {
    const { study, job, contact } = this.known;
    if (!study || contact.kind !== "there") return;
    if (job) {
      await this.connection.follow(job.id, job.last);
      return;
    }
    const found = (await this.remembered(study)) ?? (await knownAnalysis(study).catch(() => undefined));
    if (found && this.known.study === study && !this.known.job) this.follow(found, study);
  }

  /** The job that was begun here before the page was loaded anew, where the box still has it. */
  private async remembered(study: string): Promise<JobSummary | undefined> {
    const id = sessionStorage.getItem(KEPT + study);
    return id ? this.connection.job(id).catch(() => undefined) : undefined;
  }

  private follow(summary: JobSummary, study: string): void {
    // Meanwhile the reader may have gone to another study.
    if (this.known.study !== study) return;
    const job = this.known.job?.id === summary.job ? this.known.job : newJob(summary.job);
    this.set({ job });
    sessionStorage.setItem(KEPT + study, job.id);
    void this.connection.follow(job.id, job.last);
  }

  private async lookAtQueue(): Promise<void> {
    const { job, contact } = this.known;
    if (!job || !isRunning(job) || contact.kind !== "there") return;
    const standing = await this.connection.job(job.id).catch(() => undefined);
    this.set({ position: standing?.position, secondsLeft: standing?.seconds_left });
  }

  private set(change: { [K in keyof Known]?: Known[K] | undefined }): void {
    this.known = { ...this.known, ...change } as Known;
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
