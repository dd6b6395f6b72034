import type { Socket } from "../src/client.js";
import { decode, encode } from "../src/frame.js";
import type { Request } from "../src/messages.js";
import { vectors } from "./vectors.generated.js";

export function exact(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer as ArrayBuffer;
}

/** A gateway that answers from the vectors. */
export class Gateway implements Socket {
  binaryType = "";
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: ArrayBuffer }) => void) | null = null;
  onclose: (() => void) | null = null;
  closed = false;

  constructor(private readonly answers: Record<string, string>) {
    queueMicrotask(() => this.onopen?.());
  }

  send(message: Uint8Array): void {
    const request = decode(exact(message))?.header as unknown as Request;
    const vector = vectors.find((v) => v.name === this.answers[request.verb]);
    if (vector) queueMicrotask(() => this.tell({ ...vector.message, id: request.id }, vector.raw_hex));
  }

  tell(header: object, rawHex = ""): void {
    this.onmessage?.({ data: exact(encode(header, Uint8Array.from(Buffer.from(rawHex, "hex")))) });
  }

  close(): void {
    this.closed = true;
  }
}
