/** Holds the panel's state, outside React: OHIF unmounts the panel whenever another tab is opened. */

import { hasEnded, type JobSummary, Rejected, type Review } from "@cordline/sdk";
import { ApiError, fetchAnalysis, fetchReviews, fetchSession, startAnalysis, storeResults, submitReview } from "./api";
import { Connection } from "./connection";
import type { VolumeMask } from "./correction";
import { applyEvent, isRunning, newJob } from "./job";
import type { DisplaySet } from "./ohifServices";
import { loadStudy, saveStudy } from "./sessionStorage";
import type { DisplayOptions, PanelState } from "./state";
import { strings } from "./strings";

const STATUS_POLL_MS = 1000;
const NO_OVERLAYS = { lesionStatus: new Map(), maskStatus: "none", heatMapStatus: "none", has3d: false } as const;

type StateChange = { [K in keyof PanelState]?: PanelState[K] | undefined };

export class Store {
  private state: PanelState = {
    connection: { kind: "connecting" },
    requesting: false,
    correcting: false,
    reviews: [],
    display: { outline: true, opacity: 1, hidden: false },
    ...NO_OVERLAYS,
  };
  private readonly listeners = new Set<() => void>();
  private readonly connection = new Connection({
    onState: (connection) => {
      this.set({ connection, ...(connection.kind === "connected" ? { welcome: connection.welcome } : {}) });
      if (connection.kind !== "connected") return;
      void this.resume();
      // What was known of the token stays known.
      void fetchSession().then((session) => this.set({ session }), console.error);
    },
    onEvent: (event, raw) => {
      const { job } = this.state;
      if (!job || event.job !== job.id) return;
      this.set({ job: applyEvent(job, event, raw) });
      this.checkStudy();
      const wasStartedHere = this.startedJob === job.id && event.event === "series";
      if (wasStartedHere && event.body.uid) this.set({ seriesToOpen: event.body.uid });
    },
  });
  /** State of each study that was open: returning to it finds it as it was. */
  private readonly studies = new Map<string, PanelState>();
  /** The job that was started on this page. */
  private startedJob: string | undefined;

  constructor() {
    void this.connection.open();
    setInterval(() => void this.pollStatus(), STATUS_POLL_MS);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly get = (): PanelState => this.state;

  /** Other images became active. */
  setDisplaySet({ StudyInstanceUID: studyUid, SeriesInstanceUID: seriesUid, instances }: DisplaySet): void {
    if (studyUid === this.state.studyUid) {
      if (seriesUid !== this.state.seriesUid) this.set({ seriesUid });
      return;
    }
    const { studyUid: previous, connection, welcome, session, display } = this.state;
    if (previous) this.studies.set(previous, this.state);
    // A request that is under way belongs to the study before.
    const { heat: _, ...saved } = this.studies.get(studyUid) ?? { correcting: false, reviews: [] };
    const { StudyDate: date, StudyDescription: description } = instances?.[0] ?? {};
    const studyLabel = { ...(date && { date }), ...(description && { description }) };
    const current = { connection, display, studyUid, studyLabel, seriesUid, requesting: false, ...NO_OVERLAYS };
    this.state = { ...saved, ...current, ...(welcome && { welcome }), ...(session && { session }) };
    this.notify();
    void this.resume();
  }

  /** Starts the analysis of the study; `series`: if a person selected one. */
  run(series?: string): Promise<void> {
    return this.request(async (studyUid) => {
      const summary = await startAnalysis(studyUid, series);
      this.startedJob = summary.job;
      this.set({ first: undefined, heat: undefined, jobToOpen: undefined });
      this.setJob(summary, studyUid);
    });
  }

  /** Selects the heat map that is shown, or none. */
  showHeatMap(heat: PanelState["heat"]): void {
    this.set({ heat });
    this.save();
  }

  setCorrecting(correcting: boolean): void {
    this.set({ correcting });
  }

  /** Submits the corrected mask; resolves to true once the daemon has it. The first finding is kept. */
  async submitCorrection(mask: VolumeMask | undefined): Promise<boolean> {
    let isSubmitted = false;
    await this.request(async (studyUid) => {
      const { job } = this.state;
      if (!job || !mask) throw new ApiError(strings.notDrawn);
      const summary = await this.connection.submitMask(job.id, mask.shape, mask.voxels);
      if (!summary) throw new ApiError(strings.lost);
      isSubmitted = true;
      const first = this.state.first ?? { job: job.id, finding: job.finding?.label ?? "" };
      this.set({ correcting: false, first, heat: undefined, jobToOpen: undefined });
      this.setJob(summary, studyUid);
    });
    return isSubmitted;
  }

  /** Shows another job of the study. */
  showJob(id: string): Promise<void> {
    return this.request(async (studyUid) => {
      const summary = await this.connection.status(id);
      if (!summary) throw new ApiError(strings.gone);
      this.set({ first: undefined, heat: undefined });
      this.setJob(summary, studyUid);
    });
  }

  /** Stores the results in the archive. */
  storeResults(): Promise<void> {
    return this.request(async (studyUid) => {
      const { job } = this.state;
      if (!job) return;
      const objects = await storeResults(studyUid, job.id);
      this.set({ done: strings.stored(objects) });
      this.save();
    });
  }

  /** Submits or withdraws the reader's verdict. */
  review(verdict: Review["verdict"], reason: string): Promise<void> {
    return this.request(async (studyUid) => {
      const { job, reviews: before } = this.state;
      if (!job) return;
      await submitReview(studyUid, job.id, verdict, reason);
      await this.loadReviews(studyUid);
      const { session, reviews } = this.state;
      // Older gateways store it and do not return it.
      if (reviews.length === before.length && this.state.studyUid === studyUid)
        this.set({
          reviews: [...reviews, { job: job.id, reader: session?.name ?? "", at_ms: Date.now(), verdict, reason }],
        });
    });
  }

  setDisplay(change: Partial<DisplayOptions>): void {
    this.set({ display: { ...this.state.display, ...change } });
  }

  seriesOpened(): void {
    this.set({ seriesToOpen: undefined });
  }

  jobOpened(): void {
    this.set({ jobToOpen: undefined });
  }

  async cancel(): Promise<void> {
    const { job } = this.state;
    if (job) await this.connection.cancel(job.id).catch((error: Error) => this.set({ error: error.message }));
  }

  /** The images in the viewport differ from those that the job analysed. */
  rejectImages(job: string): void {
    if (this.state.job?.id === job && !this.state.mismatch)
      this.set({ mismatch: strings.otherPixels, heat: undefined });
  }

  /** Notifies only if something has changed: it is called with every poll. */
  setOverlayStatus(status: Pick<PanelState, "lesionStatus" | "maskStatus" | "heatMapStatus" | "has3d">): void {
    const key = ({ lesionStatus, maskStatus, heatMapStatus, has3d }: typeof status) =>
      JSON.stringify([[...lesionStatus], maskStatus, heatMapStatus, has3d]);
    if (key(status) !== key(this.state)) this.set(status);
  }

  /** Calls the listeners though the state is the same, so that they draw again. */
  readonly notify = (): void => {
    for (const listener of this.listeners) listener();
  };

  /** Connects at once, after the reader has got a token. */
  readonly reconnect = (): void => void this.connection.open();

  /** Runs one request at a time; errors go into the state of the study that it began in. */
  private async request(work: (studyUid: string) => Promise<void>): Promise<void> {
    const { studyUid, requesting } = this.state;
    if (!studyUid || requesting) return;
    this.set({ requesting: true, error: undefined, done: undefined });
    try {
      await work(studyUid);
    } catch (error) {
      this.tell(studyUid, error);
    } finally {
      this.setIfOpen(studyUid, { requesting: false });
    }
  }

  /** Subscribes to the study's job again after a lost connection, or finds the job: that of this tab, or the latest analysis. */
  private async resume(): Promise<void> {
    const { studyUid, job, connection } = this.state;
    if (!studyUid || connection.kind !== "connected") return;
    // The reviews that are known stay. That there are none is not said where nobody knows.
    void this.loadReviews(studyUid).catch(({ message }) => this.setIfOpen(studyUid, { reviewsUnknown: message }));
    try {
      if (job) await this.connection.subscribe(job.id, job.last);
      else await this.findJob(studyUid);
    } catch (error) {
      // After a lost connection this is called again.
      if (error instanceof ApiError || error instanceof Rejected) this.tell(studyUid, error);
      else console.error(error);
    }
  }

  private async findJob(studyUid: string): Promise<void> {
    const stored = loadStudy(studyUid);
    const restored = stored && (await this.connection.status(stored.job).catch(unlessGone));
    const found: JobSummary | undefined = restored ?? (await fetchAnalysis(studyUid));
    if (!found || this.state.studyUid !== studyUid || this.state.job) return;
    if (restored) this.set({ first: stored.first, heat: stored.heat, done: stored.done });
    if (hasEnded(found.state)) this.set({ jobToOpen: found.job });
    this.setJob(found, studyUid);
  }

  private async loadReviews(studyUid: string): Promise<void> {
    const reviews = await fetchReviews(studyUid);
    this.setIfOpen(studyUid, { reviews, reviewsUnknown: undefined });
  }

  /** Shows a job and subscribes to its events. */
  private setJob({ job: id, state, corrects, reader }: JobSummary, studyUid: string): void {
    if (this.state.studyUid !== studyUid) {
      // The reader went to another study meanwhile, and finds the job when they come back.
      saveStudy(studyUid, { job: id });
      return;
    }
    const job = this.state.job?.id === id ? this.state.job : newJob(id);
    const correction = corrects ? { job: id, of: corrects, ...(reader && { reader }) } : undefined;
    this.set({ job, correction, mismatch: undefined, jobToNotify: hasEnded(state) ? undefined : id });
    this.save();
    void this.connection.subscribe(job.id, job.last).catch(console.error);
  }

  /** Rejects a job of another study, whatever record in the archive or the tab named it. */
  private checkStudy(): void {
    const { job, studyUid, mismatch } = this.state;
    const actual = job?.series?.study_uid;
    if (actual && actual !== studyUid && !mismatch) this.set({ mismatch: strings.otherStudy, heat: undefined });
  }

  private save(): void {
    const { studyUid, job, first, heat, done } = this.state;
    if (!studyUid || !job) return;
    saveStudy(studyUid, { job: job.id, ...(first && { first }), ...(heat && { heat }), ...(done && { done }) });
  }

  private async pollStatus(): Promise<void> {
    const { job, connection } = this.state;
    if (!job || !isRunning(job) || connection.kind !== "connected") return;
    const status = await this.connection.status(job.id).catch(() => undefined);
    this.set({ queuePosition: status?.position, secondsLeft: status?.seconds_left });
  }

  private tell(studyUid: string, error: unknown): void {
    if (!(error instanceof ApiError)) console.error(error);
    this.setIfOpen(studyUid, { error: error instanceof Error ? error.message : String(error) });
  }

  /** Changes the state unless another study was opened meanwhile. */
  private setIfOpen(studyUid: string, change: StateChange): void {
    if (this.state.studyUid === studyUid) this.set(change);
  }

  private set(change: StateChange): void {
    this.state = { ...this.state, ...change } as PanelState;
    this.notify();
  }
}

/** `undefined` if the daemon does not know the job any more; what else went wrong is thrown again. */
function unlessGone(error: unknown): undefined {
  if (!(error instanceof Rejected)) throw error;
}
