/** What the panel knows. It lives beside React and outlives the panel: the host takes a panel down with every change of tab. */

import { hasEnded, type JobSummary, type Review } from "@cordline/sdk";
import { analyse, Failed, judge, knownAnalysis, reviewsOf, store, whoAmI } from "./api";
import { Connection } from "./connection";
import type { WholeMask } from "./correction";
import type { DisplaySet } from "./host";
import { after, isRunning, newJob } from "./job";
import { keep, recall } from "./kept";
import type { Known, View } from "./known";
import { strings } from "./strings";

const STANDING_MS = 1000;
const NOTHING = { marks: new Map(), masksSeen: "none", heatSeen: "none", has3d: false } as const;

export class Store {
  private known: Known = {
    contact: { kind: "connecting" },
    asking: false,
    correcting: false,
    reviews: [],
    view: { outline: true, opacity: 1, hidden: false },
    ...NOTHING,
  };
  private readonly listeners = new Set<() => void>();
  private readonly connection = new Connection({
    contact: (contact) => {
      this.set({ contact, ...(contact.kind === "there" ? { welcome: contact.welcome } : {}) });
      if (contact.kind !== "there") return;
      void this.resume().catch(console.error);
      void whoAmI().then((me) => this.set({ me }));
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
  look({ StudyInstanceUID: study, SeriesInstanceUID: series, instances }: DisplaySet): void {
    if (study === this.known.study) {
      if (series !== this.known.shown) this.set({ shown: series });
      return;
    }
    const { study: before, contact, welcome, me, view } = this.known;
    if (before) this.studies.set(before, this.known);
    // What is under way belongs to the study it was asked for.
    const { heat: _, ...was } = this.studies.get(study) ?? { correcting: false, reviews: [] };
    const { StudyDate: date, StudyDescription: description } = instances?.[0] ?? {};
    const words = { ...(date && { date }), ...(description && { description }) };
    const now = { contact, view, study, words, shown: series, asking: false, ...NOTHING };
    this.known = { ...was, ...now, ...(welcome && { welcome }), ...(me && { me }) };
    this.tell();
    void this.resume().catch(console.error);
  }

  /** Has the study analysed; `series` where a person chose one. */
  run(series?: string): Promise<void> {
    return this.ask(async (study) => {
      const summary = await analyse(study, series);
      this.begun = summary.job;
      this.set({ first: undefined, heat: undefined, hang: undefined });
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

  /** Has the corrected mask classified; true once the box has it. What was said of the first one stays. */
  async classify(mask: WholeMask | undefined): Promise<boolean> {
    let taken = false;
    await this.ask(async (study) => {
      const { job } = this.known;
      if (!job || !mask) throw new Failed(strings.notDrawn);
      const summary = await this.connection.correct(job.id, mask.shape, mask.voxels);
      if (!summary) throw new Failed(strings.lost);
      taken = true;
      const first = this.known.first ?? { job: job.id, finding: job.finding?.label ?? "" };
      this.set({ correcting: false, first, heat: undefined, hang: undefined });
      this.follow(summary, study);
    });
    return taken;
  }

  /** Shows another job of the study: one that a reader judged. */
  showJob(id: string): Promise<void> {
    return this.ask(async (study) => {
      const summary = await this.connection.job(id);
      if (!summary) throw new Failed(strings.gone);
      this.set({ first: undefined, heat: undefined });
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

  /** Writes on the study what the reader says, or that they take it back. */
  judge(verdict: Review["verdict"], reason: string): Promise<void> {
    return this.ask(async (study) => {
      const { job, reviews: before } = this.known;
      if (!job) return;
      await judge(study, job.id, verdict, reason);
      await this.readReviews(study);
      const { me, reviews } = this.known;
      // An older gateway keeps it, and does not tell it again.
      if (reviews.length === before.length && this.known.study === study)
        this.set({
          reviews: [...reviews, { job: job.id, reader: me?.name ?? "", at_ms: Date.now(), verdict, reason }],
        });
    });
  }

  /** How masks are drawn from now on. */
  setView(change: Partial<View>): void {
    this.set({ view: { ...this.known.view, ...change } });
  }

  /** The awaited series is shown. */
  seen(): void {
    this.set({ awaited: undefined });
  }

  /** The study's images are hung, or the reader has begun to read. */
  hung(): void {
    this.set({ hang: undefined });
  }

  async cancel(): Promise<void> {
    const { job } = this.known;
    if (job) await this.connection.cancel(job.id).catch((error: Error) => this.set({ error: error.message }));
  }

  /** The images in the viewport are not those that the job is about. */
  refuse(job: string): void {
    if (this.known.job?.id === job && !this.known.refused) this.set({ refused: strings.otherPixels, heat: undefined });
  }

  /** How masks, lesions and heat map stand in the viewer now. */
  see(seen: Pick<Known, "marks" | "masksSeen" | "heatSeen" | "has3d">): void {
    const text = ({ marks, masksSeen, heatSeen, has3d }: typeof seen) =>
      JSON.stringify([[...marks], masksSeen, heatSeen, has3d]);
    if (text(seen) !== text(this.known)) this.set(seen);
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
    void this.readReviews(study).catch(console.error);
    if (job) {
      await this.connection.follow(job.id, job.last);
      return;
    }
    const kept = recall(study);
    const remembered = kept && (await this.connection.job(kept.job).catch(() => undefined));
    const found: JobSummary | undefined = remembered ?? (await knownAnalysis(study).catch(() => undefined));
    if (!found || this.known.study !== study || this.known.job) return;
    if (remembered) this.set({ first: kept.first, heat: kept.heat, done: kept.done });
    if (hasEnded(found.state)) this.set({ hang: found.job });
    this.follow(found, study);
  }

  private async readReviews(study: string): Promise<void> {
    const reviews = await reviewsOf(study);
    this.setOf(study, { reviews });
  }

  private follow({ job: id, state, corrects, reader }: JobSummary, study: string): void {
    if (this.known.study !== study) {
      // Meanwhile the reader went to another study: it is found there when they come back.
      keep(study, { job: id });
      return;
    }
    const job = this.known.job?.id === id ? this.known.job : newJob(id);
    const correction = corrects ? { job: id, of: corrects, ...(reader && { reader }) } : undefined;
    this.set({ job, corrects: correction, refused: undefined, news: hasEnded(state) ? undefined : id });
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
