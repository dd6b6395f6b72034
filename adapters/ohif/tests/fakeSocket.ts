import { decode, encode } from "@cordline/sdk";

interface Request {
  id: number;
  verb: string;
  body: object;
}

/** A socket to a daemon that answers each verb as `daemon` says; `undefined`: not at all. */
export class FakeSocket {
  static all: FakeSocket[] = [];
  static daemon: (verb: string, body: object) => object | undefined | Promise<object> = () => undefined;
  isOpen = true;
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: ArrayBuffer }) => void) | null = null;
  onclose: (() => void) | null = null;

  constructor() {
    FakeSocket.all.push(this);
    queueMicrotask(() => this.onopen?.());
  }

  send(message: Uint8Array): void {
    const { id, verb, body } = decode(message.buffer as ArrayBuffer)?.header as unknown as Request;
    void Promise.resolve(FakeSocket.daemon(verb, body)).then(
      (answer) => answer && this.onmessage?.({ data: encode({ v: 1, id, ...answer }).buffer as ArrayBuffer }),
    );
  }

  /** Sends an event. */
  tell(event: object): void {
    this.onmessage?.({ data: encode(event).buffer as ArrayBuffer });
  }

  close(): void {
    this.isOpen = false;
    queueMicrotask(() => this.onclose?.());
  }
}

export const WELCOME = {
  reply: "hello",
  body: { ready: true, limits: { silence_s: 30, header_bytes: 4_194_304, frame_bytes: 1_048_576 } },
};
export const DEVICE = { reply: "device", body: { provider: "CPU", fallbacks: [] } };
export const settled = () => new Promise((resolve) => setImmediate(resolve));
