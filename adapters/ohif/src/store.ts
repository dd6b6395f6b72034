/** What the panel knows. It lives beside React and outlives the panel: the host takes a panel down with every change of tab. */

import { hasEnded, type JobSummary, type Welcome } from "@cordline/sdk";
import { analyse, Failed, judge, knownAnalysis, store } from "./api";
import { Connection, type Contact } from "./connection";
import type { LesionMark } from "./host";
import { after, isRunning, type Job, newJob } from "./job";
import { type Kept, keep, recall } from "./kept";
import { strings } from "./strings";

export interface Known {
  readonly contact: Contact;
  /** What the box said of itself when it was last there. */
  readonly welcome?: Welcome;
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
  /** The job whose mask was corrected, and what it had found: what was said first stays in sight. */
  readonly first?: Kept["first"];
  /** The heat map that is shown: of which answer, and how dense. */
  readonly heat?: Kept["heat"];
  /** What became of storing or judging. */
  readonly done?: string;
  /** Series that the reader waits to see: that of the job that was begun here. */
  readonly awaited?: string;
  /** The job whose end is news: it ran when it was found, or was begun here. */
  readonly news?: string;
  readonly error?: string;
  /** Why nothing of the job is shown: it is about other images. */
  readonly refused?: string;
  /** How each lesion stands in the viewport, by its number. */
  readonly marks: ReadonlyMap<number, LesionMark>;
}

const STANDING_MS = 1000;
const NO_MARKS: ReadonlyMap<number, LesionMark> = new Map();

export class Store {
  private known: Known = { contact: { kind: "connecting" }, asking: false, correcting: false, marks: NO_MARKS };
  private readonly listeners = new Set<() => void>();
  private readonly connection = new Connection({
    contact: (contact) => {
      this.set({ contact, ...(contact.kind === "there" ? { welcome: contact.welcome } : {}) });
      if (contact.kind === "there") void this.resume().catch(console.error);
    },
    event: (event, raw) => {
      const { job } = this.known;
      if (!job || event.job !== job.id) return;
      this.set({ job: after(job, event, raw) });
      this.check();
      const begunHere = this.begun === job.id && event.event === "series";
      if (begunHere && event.body.uid) this.set({ awaited: event.body.uid });
    },
  });
  /** What was known of each study that was looked at: another study and back again finds it as it was. */
  private readonly studies = new Map<string, Known>();
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
    const { study: before, contact, welcome } = this.known;
    if (before) this.studies.set(before, this.known);
    // What is under way belongs to the study it was asked for.
    const { heat: _, ...was } = this.studies.get(study) ?? {};
    const now = { contact, study, shown: series, asking: false, correcting: false, marks: NO_MARKS };
    this.known = { ...was, ...now, ...(welcome && { welcome }) };
    this.tell();
    void this.resume().catch(console.error);
  }

  /** Has the study analysed; `series` where a person chose one. */
  run(series?: string): Promise<void> {
    return this.ask(async (study) => {
      const summary = await analyse(study, series);
      this.begun = summary.job;
      this.set({ first: undefined, heat: undefined });
      this.follow(summary, study);
    });
  }

  /** Shows the heat map of an answer, another one, or none. */
  showHeat(heat: Known["heat"]): void {
    this.set({ heat });
    this.keep();
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
      const first = this.known.first ?? { job: job.id, finding: job.finding?.label ?? "" };
      this.set({ correcting: false, first, heat: undefined });
      this.follow(summary, study);
    });
  }

  /** Stores the results in the archive. */
  keepResults(): Promise<void> {
    return this.ask(async (study) => {
      const { job } = this.known;
      if (job) this.say(strings.stored(await store(study, job.id)));
    });
  }

  /** Writes on the study what the reader says. */
  judge(accepted: boolean, reason: string): Promise<void> {
    return this.ask(async (study) => {
      const { job } = this.known;
      if (!job) return;
      await judge(study, job.id, accepted, reason);
      this.say(accepted ? strings.accepted : strings.rejected);
    });
  }

  /** The awaited series is shown. */
  seen(): void {
    this.set({ awaited: undefined });
  }

  async cancel(): Promise<void> {
    const { job } = this.known;
    if (job) await this.connection.cancel(job.id).catch((error: Error) => this.set({ error: error.message }));
  }

  /** The images in the viewport are not those that the job is about. */
  refuse(job: string): void {
    if (this.known.job?.id === job && !this.known.refused) this.set({ refused: strings.otherPixels, heat: undefined });
  }

  /** How the lesions stand in the viewport now. */
  mark(marks: ReadonlyMap<number, LesionMark>): void {
    const text = (of: ReadonlyMap<number, LesionMark>) => JSON.stringify([...of]);
    if (text(marks) !== text(this.known.marks)) this.set({ marks });
  }

  /** Looks again whether something can be drawn. */
  readonly again = (): void => this.tell();

  /** Tries at once to reach a gateway that did not know us. */
  readonly reconnect = (): void => void this.connection.open();

  /** One thing at a time; what goes wrong is shown. */
  private async ask(work: (study: string) => Promise<void>): Promise<void> {
    const { study, asking } = this.known;
    if (!study || asking) return;
    this.set({ asking: true, error: undefined, done: undefined });
    try {
      await work(study);
    } catch (error) {
      if (!(error instanceof Failed)) console.error(error);
      this.setOf(study, { error: error instanceof Error ? error.message : String(error) });
    } finally {
      this.setOf(study, { asking: false });
    }
  }

  /** Goes on with the study's job after a lost connection, or finds the one that was made when it arrived. */
  private async resume(): Promise<void> {
    const { study, job, contact } = this.known;
    if (!study || contact.kind !== "there") return;
    if (job) {
      await this.connection.follow(job.id, job.last);
      return;
    }
    const kept = recall(study);
    const remembered = kept && (await this.connection.job(kept.job).catch(() => undefined));
    const found: JobSummary | undefined = remembered ?? (await knownAnalysis(study).catch(() => undefined));
    if (!found || this.known.study !== study || this.known.job) return;
    if (remembered) this.set({ first: kept.first, heat: kept.heat, done: kept.done });
    this.follow(found, study);
  }

  private follow({ job: id, state }: JobSummary, study: string): void {
    if (this.known.study !== study) {
      // Meanwhile the reader went to another study: it is found there when they come back.
      keep(study, { job: id });
      return;
    }
    const job = this.known.job?.id === id ? this.known.job : newJob(id);
    this.set({ job, refused: undefined, news: hasEnded(state) ? undefined : id });
    this.keep();
    void this.connection.follow(job.id, job.last).catch(console.error);
  }

  /** Refuses a job of another study: whatever named it was wrong. */
  private check(): void {
    const { job, study, refused } = this.known;
    const of = job?.series?.study_uid;
    if (of && of !== study && !refused) this.set({ refused: strings.otherStudy, heat: undefined });
  }

  private say(done: string): void {
    this.set({ done });
    this.keep();
  }

  private keep(): void {
    const { study, job, first, heat, done } = this.known;
    if (!study || !job) return;
    keep(study, { job: job.id, ...(first && { first }), ...(heat && { heat }), ...(done && { done }) });
  }

  private async lookAtQueue(): Promise<void> {
    const { job, contact } = this.known;
    if (!job || !isRunning(job) || contact.kind !== "there") return;
    const standing = await this.connection.job(job.id).catch(() => undefined);
    this.set({ position: standing?.position, secondsLeft: standing?.seconds_left });
  }

  /** Changes what is known of a study that may not be the one looked at any more. */
  private setOf(study: string, change: { [K in keyof Known]?: Known[K] | undefined }): void {
    if (this.known.study === study) this.set(change);
  }

  private set(change: { [K in keyof Known]?: Known[K] | undefined }): void {
    this.known = { ...this.known, ...change } as Known;
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
