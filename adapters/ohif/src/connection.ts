/** The WebSocket connection to the gateway: opened, and opened again whenever it is lost, for as long as the page is open. */

import {
  type Answers,
  Client,
  type Event,
  type JobSummary,
  packBits,
  Rejected,
  type Socket,
  VersionMismatch,
  type Welcome,
} from "@cordline/sdk";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/** Delays between attempts; the last one repeats. */
const RETRY_MS = [500, 1000, 2000, 5000, 10000];
const CLIENT_NAME = "ohif 0.1.0";

/** `unauthorized`: the token is missing, unknown or expired. */
type Disconnected = "lost" | "unauthorized" | "versionMismatch";

export type ConnectionState =
  | { kind: "connecting" | Disconnected }
  | { kind: "connected"; welcome: Welcome; device: Answers["device"] };

export interface ConnectionListener {
  onState(state: ConnectionState): void;
  onEvent(event: Event, raw: Uint8Array): void;
}

export class Connection {
  private client: Client | undefined;
  private attempts = 0;
  private opening = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly listener: ConnectionListener) {}

  /** Connects now if there is no connection, without waiting for the next attempt. */
  async open(): Promise<void> {
    if (this.client || this.opening) return;
    this.opening = true;
    clearTimeout(this.timer);
    if (this.attempts === 0) this.listener.onState({ kind: "connecting" });
    let client: Client | undefined;
    try {
      client = await Client.connect(openSocket(), CLIENT_NAME);
      const device = await client.ask("device", {});
      this.use(client);
      this.listener.onState({ kind: "connected", welcome: client.welcome, device });
    } catch (error) {
      // One that did not get as far would stay open beside the next.
      client?.close();
      this.scheduleRetry(await classify(error));
    } finally {
      this.opening = false;
    }
  }

  /** Subscribes to the events of a job after number `since`. */
  async subscribe(job: string, since: number): Promise<void> {
    await this.client?.subscribe(job, since);
  }

  /** Submits a corrected mask: the volume of the earlier job is classified again. `undefined` without a connection. */
  async submitMask(
    job: string,
    shape: readonly [number, number, number],
    voxels: Uint8Array,
  ): Promise<JobSummary | undefined> {
    const bits = packBits(voxels);
    // The browser's own digest exists only on pages from HTTPS or localhost.
    const digest = bytesToHex(sha256(bits));
    return this.client?.submitMask(job, shape, bits, { sha256: digest, priority: "urgent" });
  }

  async cancel(job: string): Promise<void> {
    await this.client?.ask("cancel", { job });
  }

  /** State of a job, with its position in the queue and the daemon's estimate of the seconds left. */
  async status(job: string): Promise<JobSummary | undefined> {
    const status = await this.client?.ask("status", { job });
    return status && "job" in status ? status : undefined;
  }

  private use(client: Client): void {
    this.client = client;
    this.attempts = 0;
    client.onEvent = (event, raw) => this.listener.onEvent(event, raw);
    client.onLost = () => {
      this.client = undefined;
      this.scheduleRetry("lost");
    };
  }

  private scheduleRetry(kind: Disconnected): void {
    this.listener.onState({ kind });
    const delay = RETRY_MS[Math.min(this.attempts, RETRY_MS.length - 1)];
    this.attempts += 1;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.open(), delay);
  }
}

async function classify(error: unknown): Promise<Disconnected> {
  if (error instanceof VersionMismatch) return "versionMismatch";
  // The socket does not tell an expired token from a network failure. Retries go on: a new cookie needs no reload.
  return !(error instanceof Rejected) && (await isUnauthorized()) ? "unauthorized" : "lost";
}

function openSocket(): Socket {
  const address = new URL("/api/v1/wire", window.location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  return new WebSocket(address) as unknown as Socket;
}

/** True if the gateway answers and does not know this browser's token. */
export async function isUnauthorized(): Promise<boolean> {
  try {
    return (await fetch("/api/v1/status")).status === 401;
  } catch {
    return false;
  }
}
