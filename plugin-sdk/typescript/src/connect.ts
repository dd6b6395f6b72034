/** By address and token to a connection: in browsers, in Node 22 or later, and in Node 20 with the package `ws` beside this one. */

import { Client, ConnectionLost, Refused, type Socket } from "./client.js";
import type { Fault } from "./messages.js";

const WIRE = "/api/v1/wire";
const NAME = "typescript 0.1.0";

/** How a socket is made; the headers are `undefined` in browsers, which send a cookie instead. */
type Open = (address: string, headers: Record<string, string> | undefined) => Socket;

/**
 * Connects to a gateway. `url`: its address, `http://HOST:PORT` or `https://HOST`, or that of the WebSocket itself. `token`: what
 * `cordline-gateway token` printed. `name`: name and version of the program, for the daemon's log.
 *
 * A program sends the token in the header `Authorization`. A browser cannot: there the token becomes the gateway's cookie, and without
 * one the cookie that is there already counts. A page reaches only the gateway that it came from.
 *
 * Throws {@link Refused} where the token is not taken, and {@link ConnectionLost} where nobody answers.
 */
export async function connect(url: string, token?: string, name = NAME): Promise<Client> {
  const { wire, web } = addresses(url);
  const headers = token === undefined ? undefined : { Authorization: `Bearer ${token}` };
  if (isBrowser()) await enter(web, token);
  const open = await opener();
  try {
    return await Client.connect(open(wire, isBrowser() ? undefined : headers), name);
  } catch (error) {
    if (error instanceof ConnectionLost) throw await why(web, headers);
    throw error;
  }
}

/** The addresses of the WebSocket and of all else, from what a person writes. */
export function addresses(url: string): { wire: string; web: string } {
  const parsed = new URL(url);
  const secure = parsed.protocol === "https:" || parsed.protocol === "wss:";
  if (!secure && parsed.protocol !== "http:" && parsed.protocol !== "ws:") {
    throw new Error(`${parsed.protocol} is no way to a gateway: its address begins with http: or https:`);
  }
  // A gateway behind a proxy may have a path of its own.
  const path = parsed.pathname.replace(/\/+$/, "").replace(new RegExp(`${WIRE}$`), "");
  return {
    wire: `${secure ? "wss" : "ws"}://${parsed.host}${path}${WIRE}`,
    web: `${secure ? "https" : "http"}://${parsed.host}${path}`,
  };
}

function isBrowser(): boolean {
  return typeof location !== "undefined" && typeof location.origin === "string";
}

/** Has the gateway keep the token in a cookie, which this page cannot read. */
async function enter(web: string, token: string | undefined): Promise<void> {
  if (new URL(web).origin !== location.origin) {
    throw new Error(`a page reaches only the gateway that it came from: ${location.origin}`);
  }
  if (token === undefined) return;
  const answer = await fetch(`${web}/api/v1/session`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token }),
  });
  if (!answer.ok) throw await refusal(answer);
}

async function opener(): Promise<Open> {
  if (isBrowser()) return (address) => new WebSocket(address) as unknown as Socket;
  if (typeof WebSocket !== "undefined") {
    // Node's own takes headers, which is not in the standard and so not in its type.
    const Made = WebSocket as unknown as new (address: string, options: object) => Socket;
    return (address, headers) => new Made(address, { headers: headers ?? {} });
  }
  // Not by its name alone: a bundler would want to find it.
  const wanted = "ws";
  const found = await import(wanted).catch(() => undefined);
  if (!found) throw new Error("Node 20 has no WebSocket: install the package `ws` beside this one, or use Node 22");
  return (address, headers) => new found.WebSocket(address, { headers: headers ?? {} }) as Socket;
}

/** Why a socket was not opened, which it does not say itself. */
async function why(web: string, headers: Record<string, string> | undefined): Promise<Error> {
  const nobody = new ConnectionLost(`nobody answers at ${web}; see that the gateway runs there`);
  try {
    const answer = await fetch(`${web}/api/v1/status`, { headers: headers ?? {} });
    return answer.ok ? new ConnectionLost(`the gateway at ${web} opens no WebSocket; is a proxy in between?`) : await refusal(answer);
  } catch {
    return nobody;
  }
}

async function refusal(answer: Response): Promise<Error> {
  const body = (await answer.json().catch(() => undefined)) as Partial<Fault> | undefined;
  if (typeof body?.code !== "string") return new ConnectionLost(`the gateway answered with status ${answer.status}`);
  const { code, message = "refused", action = "" } = body;
  return new Refused({ code, message, action, retry: answer.status >= 500 || answer.status === 429 });
}
