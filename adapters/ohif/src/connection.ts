/** The connection to the gateway: made by itself, and again whenever it is lost. */

import {
  type Answers,
  Client,
  type Event,
  type JobSummary,
  OtherVersion,
  packBits,
  Refused,
  type Socket,
  type Welcome,
} from "@cordline/sdk";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/** How long to wait before another try: longer each time, up to the last. */
const PAUSES_MS = [500, 1000, 2000, 5000, 10000];
const NAME = "ohif 0.1.0";

/** Why there is no connection: none to be had, a token that is not known, or a box of another version. */
type Without = "lost" | "refused" | "other";

export type Contact = { kind: "connecting" | Without } | { kind: "there"; welcome: Welcome; device: Answers["device"] };

export interface Listener {
  contact(contact: Contact): void;
  event(event: Event, raw: Uint8Array): void;
}

export class Connection {
  private client: Client | undefined;
  private tries = 0;
  private opening = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly listener: Listener) {}

  /** Connects, and stays connected for as long as the page is open. */
  async open(): Promise<void> {
    if (this.client || this.opening) return;
    this.opening = true;
    clearTimeout(this.timer);
    if (this.tries === 0) this.listener.contact({ kind: "connecting" });
    try {
      const client = await Client.connect(socket(), NAME);
      client.onEvent = (event, raw) => this.listener.event(event, raw);
      client.onLost = () => {
        this.client = undefined;
        this.later("lost");
      };
      const device = await client.ask("device", {});
      this.client = client;
      this.tries = 0;
      this.listener.contact({ kind: "there", welcome: client.welcome, device });
    } catch (error) {
      this.later(await why(error));
    } finally {
      this.opening = false;
    }
  }

  /** Has the events of a job come, from after number `since`. */
  async follow(job: string, since: number): Promise<void> {
    await this.client?.follow(job, since);
  }

  /** Has an earlier job's volume classified again with a mask that a reader corrected. */
  async correct(job: string, shape: [number, number, number], voxels: Uint8Array): Promise<JobSummary | undefined> {
    const bits = packBits(voxels);
    const mask = { shape, element: "bit" as const };
    // Not the browser's own digest: it is there only where the page came by HTTPS.
    const digest = bytesToHex(sha256(bits));
    return this.client?.submit({ kind: "mask", job, mask, sha256: digest, priority: "urgent" }, [bits]);
  }

  async cancel(job: string): Promise<void> {
    await this.client?.ask("cancel", { job });
  }

  /** Where a job is: its place in the queue, and seconds left, as far as the box can tell. */
  async job(job: string): Promise<JobSummary | undefined> {
    const status = await this.client?.ask("status", { job });
    return status && "job" in status ? status : undefined;
  }

  private later(kind: Without): void {
    this.listener.contact({ kind });
    const pause = PAUSES_MS[Math.min(this.tries, PAUSES_MS.length - 1)];
    this.tries += 1;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.open(), pause);
  }
}

async function why(error: unknown): Promise<Without> {
  if (error instanceof OtherVersion) return "other";
  // An expired token is as good as none; whoever brings another one is let in without loading the page anew.
  return !(error instanceof Refused) && (await isUnknown()) ? "refused" : "lost";
}

function socket(): Socket {
  const address = new URL("/api/v1/wire", window.location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  return new WebSocket(address) as unknown as Socket;
}

/** True where the gateway is there and does not know us: only another token helps. */
export async function isUnknown(): Promise<boolean> {
  try {
    return (await fetch("/api/v1/status")).status === 401;
  } catch {
    return false;
  }
}
