/** Connects by address and token: in browsers, in Node 22 or later, and in Node 20 with the package `ws` installed. */

import { Client, type Socket } from "./client.js";
import { ClientError, Closed, ConnectError, Rejected, Timeout } from "./errors.js";
import type { Fault } from "./messages.js";

const WEBSOCKET_PATH = "/api/v1/wire";
const DEFAULT_NAME = "typescript 0.1.0";

/** Makes a socket; the headers are `undefined` in browsers, which send a cookie instead. */
type SocketFactory = (address: string, headers: Record<string, string> | undefined) => Socket;

/**
 * Connects to a gateway. `url`: its address, `http://HOST:PORT` or `https://HOST`, or that of the WebSocket itself. `token`: what
 * `cordline-gateway token` printed. `name`: name and version of the program, for the daemon's log.
 *
 * Node sends the token in the header `Authorization`. A browser cannot: there the token is exchanged for the gateway's cookie, and
 * without a token the present cookie counts. A page reaches only the gateway that served it.
 *
 * Throws {@link ClientError} if `url` is no address, {@link Rejected} if the token is not accepted, and {@link ConnectError} if nobody
 * answers.
 */
export async function connect(url: string, token?: string, name = DEFAULT_NAME): Promise<Client> {
  const { wire, web } = addresses(url);
  const headers = token === undefined ? undefined : { Authorization: `Bearer ${token}` };
  if (isBrowser()) await signIn(web, token);
  const open = await socketFactory();
  try {
    return await Client.connect(() => open(wire, isBrowser() ? undefined : headers), name);
  } catch (error) {
    if ([ConnectError, Timeout, Closed].some((kind) => error instanceof kind)) throw await diagnose(web, headers);
    throw error;
  }
}

/** The addresses of the WebSocket and of the HTTP API, from what a person writes. */
export function addresses(url: string): { wire: string; web: string } {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new ClientError(`${url} is no address of a gateway: it begins with http: or https:`);
  }
  const secure = parsed.protocol === "https:" || parsed.protocol === "wss:";
  if (!secure && parsed.protocol !== "http:" && parsed.protocol !== "ws:") {
    throw new ClientError(`${parsed.protocol} is no way to a gateway: its address begins with http: or https:`);
  }
  // A gateway behind a proxy may have a path of its own.
  const path = parsed.pathname.replace(/\/+$/, "").replace(new RegExp(`${WEBSOCKET_PATH}$`), "");
  return {
    wire: `${secure ? "wss" : "ws"}://${parsed.host}${path}${WEBSOCKET_PATH}`,
    web: `${secure ? "https" : "http"}://${parsed.host}${path}`,
  };
}

function isBrowser(): boolean {
  return typeof location !== "undefined" && typeof location.origin === "string";
}

/** Exchanges the token for an HttpOnly cookie. Throws {@link ConnectError} if nobody answers. */
async function signIn(web: string, token: string | undefined): Promise<void> {
  if (new URL(web).origin !== location.origin) {
    throw new ClientError(`a page reaches only the gateway that it came from: ${location.origin}`);
  }
  if (token === undefined) return;
  const answer = await fetch(`${web}/api/v1/session`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token }),
  }).catch(() => {
    throw unreachable(web);
  });
  if (!answer.ok) throw await rejection(answer);
}

async function socketFactory(): Promise<SocketFactory> {
  if (isBrowser()) return (address) => new WebSocket(address) as unknown as Socket;
  if (typeof WebSocket !== "undefined") {
    // Node's own takes headers, which the standard and so its type do not have.
    const NodeWebSocket = WebSocket as unknown as new (address: string, options: object) => Socket;
    return (address, headers) => new NodeWebSocket(address, { headers: headers ?? {} });
  }
  // Behind a variable, so that bundlers do not resolve it.
  const name = "ws";
  const ws = await import(name).catch(() => undefined);
  if (!ws) throw new ClientError("Node 20 has no WebSocket: install the package `ws` beside this one, or use Node 22");
  return (address, headers) => new ws.WebSocket(address, { headers: headers ?? {} }) as Socket;
}

/** Why the socket was not opened: a WebSocket does not tell, a plain request does. */
async function diagnose(web: string, headers: Record<string, string> | undefined): Promise<Error> {
  try {
    const answer = await fetch(`${web}/api/v1/status`, { headers: headers ?? {} });
    return answer.ok ? new ConnectError(`the gateway at ${web} opens no WebSocket; is a proxy in between?`) : await rejection(answer);
  } catch {
    return unreachable(web);
  }
}

function unreachable(web: string): ConnectError {
  return new ConnectError(`nobody answers at ${web}; see that the gateway runs there`);
}

async function rejection(answer: Response): Promise<Error> {
  const body = (await answer.json().catch(() => undefined)) as Partial<Fault> | undefined;
  if (typeof body?.code !== "string") return new ConnectError(`the gateway answered with status ${answer.status}`);
  const { code, message = "refused", action = "" } = body;
  return new Rejected({ code, message, action, retry: answer.status >= 500 || answer.status === 429 });
}
