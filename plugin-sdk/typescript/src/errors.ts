/** What can go wrong between a client and the gateway. */

import { MAJOR, type Fault } from "./messages.js";

/** Base of all errors of this package. */
export class ClientError extends Error {}

/** No connection: nobody listens at the address, or something in between opens no WebSocket. */
export class ConnectError extends ClientError {}

/** No answer to a request in time. */
export class Timeout extends ClientError {}

/** The connection was closed, here or by the gateway. Jobs go on. */
export class Closed extends ClientError {}

/** The daemon or the gateway rejected a request; `fault` says why and what to do. */
export class Rejected extends ClientError {
  constructor(readonly fault: Fault) {
    super(`${fault.message}; ${fault.action}`);
  }
}

/** The daemon has dropped this connection with its subscriptions: connect again, and subscribe again. */
export class HelloRequired extends Rejected {}

/** The daemon is overloaded, or this client exceeds its share. The client waits and asks again by itself until its time-out. */
export class Busy extends Rejected {}

/** The daemon speaks another major version of the protocol: `theirs`, or what stands in its place. */
export class VersionMismatch extends ClientError {
  constructor(readonly theirs: unknown) {
    super(`the daemon speaks version ${theirs} of the protocol, this client version ${MAJOR}`);
  }
}

/** A downloaded file is truncated or differs from its SHA-256. */
export class ChecksumMismatch extends ClientError {
  constructor(readonly path: string) {
    super(`${path} did not arrive as it was announced`);
  }
}

/** A DICOM file that cannot be listed: the UID of its file meta information breaks the rule for UIDs. `index`: in the list of files. */
export class InvalidUid extends ClientError {
  constructor(readonly index: number) {
    super(`the UID in the file meta information of file ${index} (from 0) is no UID`);
  }
}

/** A fault of the wire as an error. */
export function toError(fault: Fault): Rejected {
  if (fault.code === "hello_required") return new HelloRequired(fault);
  return fault.code === "busy" ? new Busy(fault) : new Rejected(fault);
}
