/** Client of the gateway over one WebSocket: answers as promises, events to listeners. `connect` makes one from address and token. */

import { Busy, ChecksumMismatch, ClientError, Closed, ConnectError, HelloRequired, Rejected, Timeout, toError } from "./errors.js";
import { checkDigest, sha256, studyManifest } from "./files.js";
import { decode, encode, packedBytes } from "./frame.js";
import {
  MAJOR,
  hasEnded,
  type AnswerOf,
  type Event,
  type Fault,
  type JobSummary,
  type Matrix,
  type Priority,
  type Requests,
  type Submit,
  type Tensor,
  type Upload,
  type Verb,
  type Voxels,
  type Welcome,
} from "./messages.js";
import { headerTooLarge, isFlowControl, isTransient, retryAfter, sleep, takesInput } from "./rules.js";

/** The part of a WebSocket that the client uses; tests pass their own. */
export interface Socket {
  binaryType: string;
  send(message: Uint8Array): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((message: { data: ArrayBuffer }) => void) | null;
  onclose: (() => void) | null;
  onerror?: ((error: never) => void) | null;
}

/** Receives an event with its raw frame (empty if there is none). */
export type Listener = (event: Event, raw: Uint8Array) => void;

/** A volume to submit. `voxels`: sections x rows x columns, as `tensor` says. `sha256`: of the voxels, computed if absent. */
export interface Volume {
  tensor: Tensor;
  matrix: Matrix;
  voxels: Uint8Array;
  sha256?: string;
}

interface Follower {
  /** Id of its request `events`; what comes before the answer to it is of an earlier one. */
  request?: number;
  begin(begun: AnswerOf["events"]): void;
  receive: Listener;
  reject(error: unknown): void;
}

interface PendingRequest {
  resolve(answer: { body: never; raw: Uint8Array }): void;
  reject(error: Error): void;
  timer: ReturnType<typeof setTimeout>;
}

const TIMEOUT_MS = 10_000;
/** How often an upload is resumed after rejected chunks. */
const MAX_UPLOAD_RETRIES = 5;
/**
 * Pauses between the attempts of {@link Client.follow} to reconnect; it gives up after the last. An event, or an answered ping, starts
 * them anew.
 */
const RECONNECT_MS = [500, 2_000, 4_000, 8_000, 16_000];

/** A connection to the gateway; made by {@link Client.connect}. */
export class Client {
  /** The daemon's answer to `hello`. */
  welcome!: Welcome;
  /** Called with every event of every subscription. */
  onEvent: Listener = () => {};
  /** Called once for each connection that ends. Jobs go on; nothing of them is lost. */
  onLost: () => void = () => {};

  private socket: Socket | undefined;
  private isClosed = false;
  private reconnecting: Promise<void> | undefined;
  private pingTimer: ReturnType<typeof setInterval> | undefined;
  private answeredPings = 0;
  private lastId = 0;
  private readonly pending = new Map<number, PendingRequest>();
  private readonly followers = new Map<string, Follower>();
  /** Job of each `events` request, by id: a fault with that id ends the subscription. */
  private readonly subscriptions = new Map<number, string>();
  /** Unanswered chunks of all uploads: the credit is that of the connection. */
  private readonly chunksInFlight = new Set<Promise<void>>();

  private constructor(
    private readonly name: string,
    private readonly open: (() => Socket) | undefined,
  ) {}

  /**
   * Waits for the socket to open and says hello. `name`: name and version of the program, for the daemon's log. With a function that
   * makes sockets, {@link follow} reconnects by itself; with a single socket it cannot.
   */
  static async connect(socket: Socket | (() => Socket), name: string): Promise<Client> {
    const open = typeof socket === "function" ? socket : undefined;
    const client = new Client(name, open);
    await client.hello(typeof socket === "function" ? socket() : socket);
    return client;
  }

  /** Sends a request and resolves to the body of the answer. A fault is thrown as {@link Rejected}. */
  async ask<V extends Verb>(verb: V, body: Requests[V], raw?: Uint8Array): Promise<AnswerOf[V]> {
    return (await this.exchange(verb, body, raw)).body;
  }

  /** Subscribes {@link onEvent} to the events of a job after number `since`, until the job ends or the connection is lost. */
  subscribe(job: string, since = 0): Promise<AnswerOf["events"]> {
    return this.ask("events", { job, since, follow: true });
  }

  /**
   * Calls `each` with every event of a job after number `since` until the job has ended; resolves to the last number. A lost
   * connection is opened again on the way, and no event comes twice. What `each` throws ends it.
   */
  async follow(job: string, each: Listener, since = 0): Promise<number> {
    let last = since;
    let retries = 0;
    let isUnwanted = false;
    const receive: Listener = (event, raw) => {
      last = event.number;
      retries = 0;
      isUnwanted = true;
      each(event, raw);
      isUnwanted = false;
    };
    for (;;) {
      const answered = this.answeredPings;
      try {
        return await this.followOnce(job, receive, last);
      } catch (error) {
        if (this.answeredPings > answered) retries = 0;
        const pause = RECONNECT_MS[retries++];
        if (isUnwanted || !this.open || this.isClosed || !isTransient(error) || pause === undefined) throw error;
        // A connection that does not answer may have lost events already, and one that is not known has none.
        if (error instanceof Timeout || error instanceof HelloRequired) this.disconnect();
        await sleep(pause);
        if (this.isClosed) throw error;
        await this.reconnect(this.open).catch((error) => {
          // If nobody listens yet, `followOnce` fails and the next round tries again.
          if (!isTransient(error)) throw error;
        });
      }
    }
  }

  private followOnce(job: string, receive: Listener, since: number): Promise<number> {
    return new Promise((resolve, reject) => {
      let last = since;
      let lastWanted: number | undefined;
      const leave = () => {
        if (this.followers.get(job) === follower) this.followers.delete(job);
      };
      const end = () => {
        leave();
        resolve(last);
      };
      const follower: Follower = {
        begin: (begun) => {
          lastWanted = begun.last;
          if (hasEnded(begun.state) && begun.last <= last) end();
        },
        receive: (event, raw) => {
          if (lastWanted === undefined || event.number <= last) return;
          last = event.number;
          try {
            receive(event, raw);
          } catch (error) {
            leave();
            reject(error);
            return;
          }
          if (event.event === "state" && hasEnded(event.body.state) && last >= lastWanted) end();
        },
        reject,
      };
      this.followers.get(job)?.reject(new ClientError(`another call of follow replaced this one of job ${job}`));
      this.followers.set(job, follower);
      this.subscribe(job, since).catch((error) => {
        leave();
        reject(error);
      });
    });
  }

  /** Selects the series of a job in state `needs_selection`; `series` is the `selector` of a candidate. */
  selectSeries(job: string, series: string): Promise<JobSummary> {
    return this.ask("choose", { job, series });
  }

  /** Downloads a file of a job, as its event `files` lists it, and checks its digest. */
  async download(job: string, file: { path: string; bytes: number; sha256?: string }): Promise<Uint8Array> {
    const whole = new Uint8Array(file.bytes);
    for (let offset = 0; offset < file.bytes; ) {
      const { raw } = await this.exchange("artifact", { job, path: file.path, offset });
      if (raw.length === 0) throw new ChecksumMismatch(file.path);
      whole.set(raw.subarray(0, file.bytes - offset), offset);
      offset += raw.length;
    }
    if (file.sha256 !== undefined) await checkDigest(file.path, whole, file.sha256);
    return whole;
  }

  /** Submits DICOM files as one study. Files that are not DICOM are skipped; without any DICOM file it throws. */
  async submitStudy(
    files: readonly Uint8Array[],
    options: { priority?: Priority; series?: string } = {},
  ): Promise<JobSummary> {
    const { instances, items } = await studyManifest(files);
    if (instances.length === 0) throw new ClientError("no DICOM file is among those that were named");
    return this.submit({ kind: "study", instances, ...options }, items);
  }

  /** Submits a T2-weighted volume, with the contrast-enhanced T1-weighted one if there is one. */
  async submitVolume(t2w: Volume, options: { t1c?: Volume; priority?: Priority } = {}): Promise<JobSummary> {
    const { t1c, ...rest } = options;
    const volumes = { t2w: await described(t2w), ...(t1c && { t1c: await described(t1c) }) };
    const items = [t2w, ...(t1c ? [t1c] : [])].map((volume) => volume.voxels);
    return this.submit({ kind: "volume", ...volumes, ...rest }, items);
  }

  /**
   * Submits a corrected mask of an earlier job: its volume is classified again. `bits`: sections x rows x columns, packed by
   * `packBits`. `sha256`: of the bits, computed if absent. The gateway names the reader.
   */
  async submitMask(
    job: string,
    shape: readonly [number, number, number],
    bits: Uint8Array,
    options: { priority?: Priority; sha256?: string } = {},
  ): Promise<JobSummary> {
    const digest = options.sha256 ?? (await sha256(bits));
    const mask: Tensor = { shape: [...shape], element: "bit" };
    return this.submit({ kind: "mask", job, mask, ...options, sha256: digest }, [bits]);
  }

  /**
   * Submits any input: uploads the missing bytes within the credit, and commits. `items` are the bytes that the body announces, in
   * its order. The same input is the same job, and is not uploaded twice.
   */
  async submit(body: Submit, items: readonly Uint8Array[]): Promise<JobSummary> {
    for (let retries = 0; ; retries++) {
      try {
        return await this.submitOnce(body, items);
      } catch (error) {
        if (!(error instanceof Rejected) || !isFlowControl(error.fault) || retries === MAX_UPLOAD_RETRIES) throw error;
        await sleep(retryAfter(error.fault));
      }
    }
  }

  private async submitOnce(body: Submit, items: readonly Uint8Array[]): Promise<JobSummary> {
    const { job, state, received = [], ...begun } = await this.ask("submit", body);
    // The latest one counts: where many send at once it becomes less.
    let credit = begun.credit;
    if (state !== "receiving") return (await this.ask("status", { job })) as JobSummary;
    const chunkBytes = this.welcome.limits.frame_bytes;
    const sent: Promise<Upload>[] = [];
    let failed = false;
    for (const [item, bytes] of items.entries()) {
      for (let offset = received[item] ?? 0; offset < bytes.length && !failed; offset += chunkBytes) {
        while (this.chunksInFlight.size >= Math.max(credit, 1)) await Promise.race(this.chunksInFlight);
        const chunk = this.ask("chunk", { job, item, offset }, bytes.subarray(offset, offset + chunkBytes));
        sent.push(chunk);
        const settled: Promise<void> = chunk.then(
          (taken) => {
            credit = taken.credit;
          },
          () => {
            failed = true;
          },
        ).finally(() => this.chunksInFlight.delete(settled));
        this.chunksInFlight.add(settled);
      }
    }
    // Also after a rejection: a retry must not overlap with chunks in flight. The first rejection is the cause of the others.
    const settled = await Promise.allSettled(sent);
    const rejected = settled.find((each) => each.status === "rejected");
    if (rejected) throw rejected.reason;
    return this.ask("commit", { job });
  }

  /** Closes the connection for good. Jobs go on. */
  close(): void {
    this.isClosed = true;
    this.disconnect();
  }

  private async hello(socket: Socket): Promise<void> {
    // Node's sockets end the program on an unhandled error; `onclose` follows each error and reports it.
    socket.onerror = () => {};
    await new Promise<void>((resolve, reject) => {
      socket.onopen = resolve;
      socket.onclose = () => reject(new ConnectError("the gateway does not answer, or refused the token"));
    });
    if (this.isClosed) {
      socket.close();
      throw new Closed("the client was closed");
    }
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => {
      if (socket === this.socket) this.receive(data);
    };
    socket.onclose = () => {
      if (socket === this.socket) this.lost();
    };
    this.socket = socket;
    try {
      this.welcome = await this.ask("hello", { client: this.name });
    } catch (error) {
      this.disconnect();
      throw error;
    }
    if (socket !== this.socket) throw new Closed("the connection to the gateway is closed");
    // The daemon forgets who is silent for longer; what it sends itself does not count.
    const interval = (Math.max(this.welcome.limits.silence_s, 1) * 1000) / 3;
    this.pingTimer = setInterval(() => void this.ping(), interval);
  }

  private async ping(): Promise<void> {
    try {
      await this.ask("ping", {});
      this.answeredPings++;
    } catch {
      this.disconnect();
    }
  }

  /** All followers of a lost connection share one attempt. */
  private async reconnect(open: () => Socket): Promise<void> {
    if (this.socket) return;
    this.reconnecting ??= this.hello(open()).finally(() => {
      this.reconnecting = undefined;
    });
    await this.reconnecting;
  }

  /** Sends a request, again later while the daemon is busy. Chunks are not repeated one by one: `submit` resumes the upload. */
  private async exchange<V extends Verb>(
    verb: V,
    body: Requests[V],
    raw?: Uint8Array,
  ): Promise<{ body: AnswerOf[V]; raw: Uint8Array }> {
    const deadline = Date.now() + TIMEOUT_MS;
    for (;;) {
      try {
        return await this.exchangeOnce(verb, body, raw);
      } catch (error) {
        if (!(error instanceof Busy) || verb === "chunk") throw error;
        if (Date.now() + retryAfter(error.fault) > deadline) throw error;
        await sleep(retryAfter(error.fault));
      }
    }
  }

  private exchangeOnce<V extends Verb>(
    verb: V,
    body: Requests[V],
    raw?: Uint8Array,
  ): Promise<{ body: AnswerOf[V]; raw: Uint8Array }> {
    return new Promise((resolve, reject) => {
      if (!this.socket) {
        reject(new Closed("the connection to the gateway is closed"));
        return;
      }
      const id = ++this.lastId;
      const header = { v: MAJOR, id, verb, body };
      // Beyond, the daemon closes the connection before it can say why. Before the welcome there is only `hello`.
      const most = this.welcome?.limits.header_bytes ?? Number.POSITIVE_INFINITY;
      const bytes = verb === "submit" ? packedBytes(header) : 0;
      if (bytes > most) {
        reject(headerTooLarge(bytes, most));
        return;
      }
      if (verb === "events") {
        const { job } = body as Requests["events"];
        this.subscriptions.set(id, job);
        const follower = this.followers.get(job);
        if (follower) follower.request = id;
      }
      const giveUp = (error: Error) => {
        if (this.pending.delete(id)) reject(error);
      };
      const expire = () => {
        const inquiry = this.inquire(verb, body);
        if (!inquiry) giveUp(new Timeout(`no answer to ${verb}`));
        else void inquiry.then(goOn, giveUp);
      };
      const goOn = (summary: JobSummary | undefined) => {
        const waiting = this.pending.get(id);
        if (!waiting) return;
        if (summary && !takesInput(summary.state)) {
          // The job is further on: the answer to its commit would say no more.
          this.pending.delete(id);
          waiting.resolve({ body: summary as never, raw: new Uint8Array() });
        } else waiting.timer = setTimeout(expire, TIMEOUT_MS);
      };
      const timer = setTimeout(expire, TIMEOUT_MS);
      this.pending.set(id, { resolve: resolve as PendingRequest["resolve"], reject, timer });
      this.socket.send(encode(header, raw));
    });
  }

  /** Asks whether the daemon is still at work on what it answers only after it listed, copied or forced to the disk. */
  private inquire<V extends Verb>(verb: V, body: Requests[V]): Promise<JobSummary | undefined> | undefined {
    if (verb === "commit") {
      const { job } = body as Requests["commit"];
      return this.ask("status", { job }) as Promise<JobSummary>;
    }
    if (verb === "submit" && (body as Submit).kind === "folder") return this.ask("ping", {}).then(() => undefined);
    return undefined;
  }

  private receive(data: ArrayBuffer): void {
    let message: ReturnType<typeof decode>;
    try {
      message = decode(data);
    } catch (error) {
      // A daemon of another version: no answer of it can be read.
      this.rejectAll(error as Error);
      return;
    }
    if (!message) return;
    const { header, raw } = message;
    if (!("reply" in header)) {
      try {
        this.onEvent(header, raw);
      } finally {
        this.followers.get(header.job)?.receive(header, raw);
      }
      return;
    }
    const pending = this.pending.get(header.id);
    if (!pending) {
      if (header.reply === "fault") this.endSubscription(header.id, header.body);
      return;
    }
    this.pending.delete(header.id);
    clearTimeout(pending.timer);
    if (header.reply === "fault") {
      this.subscriptions.delete(header.id);
      pending.reject(toError(header.body));
      return;
    }
    if (header.reply === "events") {
      // At once: the first events may come in the same turn.
      const follower = this.followers.get(header.body.job);
      if (follower?.request === header.id) follower.begin(header.body);
    }
    pending.resolve({ body: header.body as never, raw });
  }

  /** The daemon ended a subscription before its job ended: the key was revoked, or the connection forgotten. It is of no more use. */
  private endSubscription(id: number, fault: Fault): void {
    const job = this.subscriptions.get(id);
    if (job === undefined) return;
    this.subscriptions.delete(id);
    this.followers.get(job)?.reject(toError(fault));
    this.followers.delete(job);
    this.disconnect();
  }

  private disconnect(): void {
    this.socket?.close();
    this.lost();
  }

  private lost(): void {
    if (!this.socket) return;
    this.socket = undefined;
    clearInterval(this.pingTimer);
    this.subscriptions.clear();
    this.rejectAll(new Closed("the connection to the gateway is closed"));
    this.onLost();
  }

  private rejectAll(error: Error): void {
    for (const { reject, timer } of this.pending.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.pending.clear();
    for (const { reject } of this.followers.values()) reject(error);
    this.followers.clear();
  }
}

async function described({ tensor, matrix, voxels, sha256: digest }: Volume): Promise<Voxels> {
  return { tensor, matrix, sha256: digest ?? (await sha256(voxels)) };
}
