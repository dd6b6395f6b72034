/** A client of the gateway: one WebSocket, answers as promises, events to a listener. `connect` opens it by address and token. */

import { decode, encode } from "./frame.js";
import { checkDigest, study } from "./files.js";
import {
  MAJOR,
  hasEnded,
  type AnswerOf,
  type Event,
  type Fault,
  type JobSummary,
  type Priority,
  type Requests,
  type Submit,
  type Upload,
  type Verb,
  type Welcome,
} from "./messages.js";

/** The daemon refused; `fault` says why and what to do. */
export class Refused extends Error {
  constructor(readonly fault: Fault) {
    super(`${fault.message}; ${fault.action}`);
  }
}

/** The daemon does not know this connection, or not any more, and what it followed is forgotten: connect again, and ask again. */
export class HelloRequired extends Refused {}

/** No answer, or no connection any more. */
export class ConnectionLost extends Error {}

/** The part of a WebSocket that is used here, so that tests can bring their own. */
export interface Socket {
  binaryType: string;
  send(message: Uint8Array): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((message: { data: ArrayBuffer }) => void) | null;
  onclose: (() => void) | null;
  onerror?: ((error: never) => void) | null;
}

/** What is told of the events of a job. */
export type Listener = (event: Event, raw: Uint8Array) => void;

interface Watching {
  told: Listener;
  reject(error: Error): void;
}

interface Waiting {
  resolve(answer: { body: never; raw: Uint8Array }): void;
  reject(error: Error): void;
  timer: ReturnType<typeof setTimeout>;
}

const PATIENCE_MS = 10_000;
const PING_MS = 8_000;

/** A connection; made by {@link Client.connect}. */
export class Client {
  /** What the daemon said when it was greeted. */
  welcome!: Welcome;
  /** Is told every event that comes, with its raw frame (empty where there is none). */
  onEvent: Listener = () => {};
  /** Is told once when the connection is gone. Jobs go on: connect again, and ask for the events since the last number. */
  onLost: () => void = () => {};

  private number = 0;
  private readonly waiting = new Map<number, Waiting>();
  private readonly watching = new Map<string, Watching>();
  /** Chunks without an answer, of all uploads. */
  private readonly onTheWay = new Set<Promise<void>>();
  private readonly pinging: ReturnType<typeof setInterval>;

  private constructor(private readonly socket: Socket) {
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => this.take(data);
    socket.onclose = () => this.lost();
    this.pinging = setInterval(() => void this.ask("ping", {}).catch(() => this.close()), PING_MS);
  }

  /** Waits for an open socket and says hello. `name`: name and version of the program, for the daemon's log. */
  static async connect(socket: Socket, name: string): Promise<Client> {
    // Node's sockets end the program with an error that nobody takes; what it means is told by `onclose`, which follows.
    socket.onerror = () => {};
    await new Promise<void>((resolve, reject) => {
      socket.onopen = resolve;
      socket.onclose = () => reject(new ConnectionLost("the gateway does not answer, or refused the token"));
    });
    const client = new Client(socket);
    try {
      client.welcome = await client.ask("hello", { client: name });
    } catch (error) {
      client.close();
      throw error;
    }
    return client;
  }

  /** Sends a request; the answer's body. A refusal is thrown as {@link Refused}. */
  async ask<V extends Verb>(verb: V, body: Requests[V], raw?: Uint8Array): Promise<AnswerOf[V]> {
    return (await this.exchange(verb, body, raw)).body;
  }

  /** Has the events of a job come to {@link onEvent}, from after number `since` to its end. */
  follow(job: string, since = 0): Promise<AnswerOf["events"]> {
    return this.ask("events", { job, since, follow: true });
  }

  /**
   * Tells `each` every event of a job after number `since`, until it has ended; the number of the last one. Where the connection is
   * lost meanwhile this ends with {@link ConnectionLost}: connect again, and watch from the last number that was told.
   */
  watch(job: string, each: Listener, since = 0): Promise<number> {
    return new Promise((resolve, reject) => {
      let last = since;
      let wanted = Number.POSITIVE_INFINITY;
      const done = () => {
        this.watching.delete(job);
        resolve(last);
      };
      const told: Listener = (event, raw) => {
        if (event.number <= last) return;
        last = event.number;
        each(event, raw);
        if (event.event === "state" && hasEnded(event.body.state) && last >= wanted) done();
      };
      this.watching.get(job)?.reject(new Error(`another watch of job ${job} took the place of this one`));
      this.watching.set(job, { told, reject });
      this.follow(job, since).then((begun) => {
        wanted = begun.last;
        if (hasEnded(begun.state) && begun.last <= last) done();
      }, (error) => {
        this.watching.delete(job);
        reject(error);
      });
    });
  }

  /** A file of a job, as its event `files` lists it; compared with its digest where there is one. */
  async artifact(job: string, file: { path: string; bytes: number; sha256?: string }): Promise<Uint8Array> {
    const whole = new Uint8Array(file.bytes);
    for (let offset = 0; offset < file.bytes; ) {
      const { raw } = await this.exchange("artifact", { job, path: file.path, offset });
      if (raw.length === 0) throw new ConnectionLost(`${file.path} did not arrive whole`);
      whole.set(raw.subarray(0, file.bytes - offset), offset);
      offset += raw.length;
    }
    if (file.sha256 !== undefined) await checkDigest(file.path, whole, file.sha256);
    return whole;
  }

  /** Sends DICOM files as one job. What is no DICOM file is passed over; that none is one is an error. */
  async submitStudy(
    files: readonly Uint8Array[],
    options: { priority?: Priority; series?: string } = {},
  ): Promise<JobSummary> {
    const { instances, items } = await study(files);
    if (instances.length === 0) throw new Error("no DICOM file is among those that were named");
    return this.submit({ kind: "study", instances, ...options }, items);
  }

  /**
   * Submits, sends what is missing of the items within the credit, and commits. `items` are the bytes that the body announces,
   * in its order. The same input again is the same job, and is not sent again.
   */
  async submit(body: Submit, items: readonly Uint8Array[]): Promise<JobSummary> {
    const { job, state, received = [], credit } = await this.ask("submit", body);
    if (state !== "receiving") return (await this.ask("status", { job })) as JobSummary;
    const piece = this.welcome.limits.frame_bytes;
    const sent: Promise<Upload>[] = [];
    let failed = false;
    for (const [item, bytes] of items.entries()) {
      for (let offset = received[item] ?? 0; offset < bytes.length && !failed; offset += piece) {
        // The window is that of the connection: other uploads on it count.
        while (this.onTheWay.size >= Math.max(credit, 1)) await Promise.race(this.onTheWay);
        const chunk = this.ask("chunk", { job, item, offset }, bytes.subarray(offset, offset + piece));
        sent.push(chunk);
        const settled: Promise<void> = chunk.then(
          () => {},
          () => {
            failed = true;
          },
        ).finally(() => this.onTheWay.delete(settled));
        this.onTheWay.add(settled);
      }
    }
    await Promise.all(sent);
    return this.ask("commit", { job });
  }

  /** Closes the connection. Jobs go on. */
  close(): void {
    this.socket.close();
    this.lost();
  }

  private exchange<V extends Verb>(
    verb: V,
    body: Requests[V],
    raw?: Uint8Array,
  ): Promise<{ body: AnswerOf[V]; raw: Uint8Array }> {
    const id = ++this.number;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new ConnectionLost(`no answer to ${verb}`));
      }, PATIENCE_MS);
      this.waiting.set(id, { resolve: resolve as Waiting["resolve"], reject, timer });
      this.socket.send(encode({ v: MAJOR, id, verb, body }, raw));
    });
  }

  private take(data: ArrayBuffer): void {
    let message: ReturnType<typeof decode>;
    try {
      message = decode(data);
    } catch (error) {
      // Nothing that a daemon of another version says can be understood.
      this.reject(error as Error);
      return;
    }
    if (!message) return;
    const { header, raw } = message;
    if (!("reply" in header)) {
      this.onEvent(header, raw);
      this.watching.get(header.job)?.told(header, raw);
      return;
    }
    const waiting = this.waiting.get(header.id);
    if (!waiting) return;
    this.waiting.delete(header.id);
    clearTimeout(waiting.timer);
    if (header.reply === "fault") waiting.reject(refused(header.body));
    else waiting.resolve({ body: header.body as never, raw });
  }

  private lost(): void {
    clearInterval(this.pinging);
    this.reject(new ConnectionLost("the connection to the gateway is gone"));
    this.onLost();
    this.onLost = () => {};
  }

  /** Ends all requests that wait. */
  private reject(error: Error): void {
    for (const { reject, timer } of this.waiting.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.waiting.clear();
    for (const { reject } of this.watching.values()) reject(error);
    this.watching.clear();
  }
}

function refused(fault: Fault): Refused {
  return fault.code === "hello_required" ? new HelloRequired(fault) : new Refused(fault);
}
