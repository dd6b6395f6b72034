/** Holds the panel's state, outside React: OHIF unmounts the panel whenever another tab is opened. */

import { hasEnded, type JobSummary, Rejected, type Review } from "@cordline/sdk";
import { ApiError, fetchAnalysis, fetchReviews, fetchSession, startAnalysis, storeResults, submitReview } from "./api";
import { Connection } from "./connection";
import type { VolumeMask } from "./correction";
import { applyEvent, isRunning, newJob } from "./job";
import type { DisplaySet } from "./ohifServices";
import { loadStudy, type StoredStudy, saveStudy } from "./sessionStorage";
import type { DisplayOptions, PanelState } from "./state";
import { strings } from "./strings";

const STATUS_POLL_MS = 1000;
const NO_OVERLAYS = { lesionStatus: new Map(), maskStatus: "none", heatMapStatus: "none", has3d: false } as const;

const NEW_STUDY: Pick<PanelState, "requesting" | "starting" | "correcting" | "reviews" | "heat"> = {
  requesting: false,
  starting: false,
  correcting: false,
  reviews: [],
};

type StateChange = { [K in keyof PanelState]?: PanelState[K] | undefined };

export class Store {
  private state: PanelState = {
    connection: { kind: "connecting" },
    ...NEW_STUDY,
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
  /** State of each study that was open and is not: returning to it finds it as it was. */
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
    const { heat: _, ...saved } = this.studies.get(studyUid) ?? NEW_STUDY;
    this.studies.delete(studyUid);
    const { StudyDate: date, StudyDescription: description } = instances?.[0] ?? {};
    const studyLabel = { ...(date && { date }), ...(description && { description }) };
    const current = { connection, display, studyUid, studyLabel, seriesUid, ...NO_OVERLAYS };
    this.state = { ...saved, ...current, ...(welcome && { welcome }), ...(session && { session }) };
    this.notify();
    void this.resume();
  }

  /** Starts the analysis of the study; `series`: if a person selected one. `again`: as another job than before. */
  run(series?: string, again = false): Promise<boolean> {
    return this.start(async (studyUid) => {
      const summary = await startAnalysis(studyUid, series, again);
      this.startedJob = summary.job;
      const change = { selected: series, again, first: undefined, heat: undefined, jobToOpen: undefined };
      this.setJob(summary, studyUid, change);
    });
  }

  /** Analyses the same series again. A job that failed or was cancelled is taken up; one that has a result stays as it is. */
  runAgain(): Promise<boolean> {
    const { job, selected, again } = this.state;
    return this.run(selected, again || job?.state === "completed");
  }

  /** Selects the heat map that is shown, or none. */
  showHeatMap(heat: PanelState["heat"]): void {
    const { studyUid } = this.state;
    this.set({ heat });
    if (studyUid) this.save(studyUid);
  }

  /** True while the mask of a study is being corrected, open or not. */
  get hasCorrection(): boolean {
    return [this.state, ...this.studies.values()].some(({ correcting }) => correcting);
  }

  setCorrecting(correcting: boolean): void {
    this.set({ correcting });
  }

  /** Submits the corrected mask; resolves to true once the daemon has it. The first finding is kept. */
  submitCorrection(mask: VolumeMask | undefined): Promise<boolean> {
    return this.start(async (studyUid) => {
      const { job, first = job && { job: job.id, finding: job.finding?.label ?? "" } } = this.state;
      if (!job || !mask) throw new ApiError(strings.notDrawn);
      const summary = await this.connection.submitMask(job.id, mask.shape, mask.voxels);
      if (!summary) throw new ApiError(strings.lost);
      this.setJob(summary, studyUid, { correcting: false, first, heat: undefined, jobToOpen: undefined });
    });
  }

  /** Shows another job of the study. */
  showJob(id: string): Promise<boolean> {
    return this.request(async (studyUid) => {
      const summary = await this.connection.status(id);
      if (!summary) throw new ApiError(strings.gone);
      this.setJob(summary, studyUid, { selected: undefined, again: undefined, first: undefined, heat: undefined });
    });
  }

  /** Stores the results in the archive. */
  storeResults(): Promise<boolean> {
    return this.request(async (studyUid) => {
      const { job } = this.state;
      if (!job) return;
      const objects = await storeResults(studyUid, job.id);
      this.setOf(studyUid, { done: strings.stored(objects) });
      this.save(studyUid);
    });
  }

  /** Submits or withdraws the reader's verdict; resolves to true once the gateway has it. */
  review(verdict: Review["verdict"], reason: string): Promise<boolean> {
    return this.request(async (studyUid) => {
      const { job, session, reviews: before } = this.state;
      if (!job) return;
      await submitReview(studyUid, job.id, verdict, reason);
      const reviews = await fetchReviews(studyUid).catch(() => [...before]);
      // It was taken. Older gateways do not return it.
      if (reviews.length === before.length)
        reviews.push({ job: job.id, reader: session?.name ?? "", at_ms: Date.now(), verdict, reason });
      this.setOf(studyUid, { reviews, reviewsUnknown: undefined });
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
    const { job, studyUid } = this.state;
    if (!job || !studyUid) return;
    await this.connection.cancel(job.id).catch(({ message }: Error) => this.setOf(studyUid, { error: message }));
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

  /** A request that starts a job. */
  private start(work: (studyUid: string) => Promise<void>): Promise<boolean> {
    return this.request(work, true);
  }

  /**
   * Runs one request of a study at a time; resolves to true if it succeeded. What comes of it belongs to that study, whichever is open by
   * then.
   */
  private async request(work: (studyUid: string) => Promise<void>, starting = false): Promise<boolean> {
    const { studyUid, requesting } = this.state;
    if (!studyUid || requesting) return false;
    this.set({ requesting: true, starting, error: undefined, done: undefined });
    try {
      await work(studyUid);
      return true;
    } catch (error) {
      this.tell(studyUid, error);
      return false;
    } finally {
      this.setOf(studyUid, { requesting: false, starting: false });
    }
  }

  /** Subscribes to the study's job again after a lost connection, or finds the job: that of this tab, or the latest analysis. */
  private async resume(): Promise<void> {
    const { studyUid, job, connection } = this.state;
    if (!studyUid || connection.kind !== "connected") return;
    // The reviews that are known stay. That there are none is not said where nobody knows.
    void fetchReviews(studyUid)
      .then((reviews) => this.setOf(studyUid, { reviews, reviewsUnknown: undefined }))
      .catch(({ message }) => this.setOf(studyUid, { reviewsUnknown: message }));
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
    const { selected, again, first, heat, done }: Partial<StoredStudy> = restored ? stored : {};
    const kept = restored && { selected, again, first, heat, done };
    this.setJob(found, studyUid, { ...kept, ...(hasEnded(found.state) && { jobToOpen: found.job }) });
  }

  /** Makes a job that of a study, and subscribes to its events; those of a study that is not open are read when the reader comes back. */
  private setJob({ job: id, state, corrects, reader }: JobSummary, studyUid: string, change: StateChange): void {
    const before = this.stateOf(studyUid)?.job;
    const job = before?.id === id ? before : newJob(id);
    const correction = corrects ? { job: id, of: corrects, ...(reader && { reader }) } : undefined;
    const jobToNotify = hasEnded(state) ? undefined : id;
    this.setOf(studyUid, { ...change, job, correction, mismatch: undefined, jobToNotify });
    this.save(studyUid);
    if (this.state.studyUid === studyUid) void this.connection.subscribe(job.id, job.last).catch(console.error);
  }

  /** Rejects a job of another study, whatever record in the archive or the tab named it. */
  private checkStudy(): void {
    const { job, studyUid, mismatch } = this.state;
    const actual = job?.series?.study_uid;
    if (actual && actual !== studyUid && !mismatch) this.set({ mismatch: strings.otherStudy, heat: undefined });
  }

  private save(studyUid: string): void {
    const { job, selected, again, first, heat, done } = this.stateOf(studyUid) ?? {};
    if (!job) return;
    const run = { ...(selected && { selected }), ...(again && { again }), ...(first && { first }) };
    const kept = { ...run, ...(heat && { heat }), ...(done && { done }) };
    saveStudy(studyUid, { job: job.id, ...kept });
  }

  private async pollStatus(): Promise<void> {
    const { job, connection } = this.state;
    if (!job || !isRunning(job) || connection.kind !== "connected") return;
    const status = await this.connection.status(job.id).catch(() => undefined);
    // Another job may be shown by now.
    if (this.state.job?.id !== job.id) return;
    this.set({ queuePosition: status?.position, secondsLeft: status?.seconds_left });
  }

  private tell(studyUid: string, error: unknown): void {
    if (!(error instanceof ApiError)) console.error(error);
    this.setOf(studyUid, { error: error instanceof Error ? error.message : String(error) });
  }

  private stateOf(studyUid: string): PanelState | undefined {
    return this.state.studyUid === studyUid ? this.state : this.studies.get(studyUid);
  }

  /** Changes the state of a study, open or not. */
  private setOf(studyUid: string, change: StateChange): void {
    const left = this.studies.get(studyUid);
    if (this.state.studyUid === studyUid) this.set(change);
    else if (left) this.studies.set(studyUid, { ...left, ...change } as PanelState);
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
