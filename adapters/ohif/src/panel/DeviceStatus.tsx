/** State of the connection and the daemon in one line. Details that concern the operator are collapsed. */

import type { ConnectionState } from "../connection";
import { strings } from "../strings";
import { BAD, FAINT, GOOD, quiet, row, WARN } from "./styles";

interface Status {
  colour: string;
  line: string;
  /** For the operator. */
  details?: readonly string[];
}

export function DeviceStatus({ connection, retry }: { connection: ConnectionState; retry(): void }) {
  const { colour, line, details = [] } = describe(connection);
  const dot = { width: 10, height: 10, borderRadius: 10, background: colour, flex: "none" } as const;
  const text = { color: colour === GOOD ? FAINT : colour, fontSize: 12 } as const;
  return (
    <div style={row}>
      <output data-testid="cordline-device" style={{ display: "flex", gap: 8, alignItems: "baseline", minWidth: 0 }}>
        <span aria-hidden style={dot} />
        {details.length === 0 ? (
          <span style={text}>{line}</span>
        ) : (
          <details style={text}>
            <summary>{line}</summary>
            {details.map((one) => (
              <span key={one} style={{ display: "block" }}>
                {one}
              </span>
            ))}
          </details>
        )}
      </output>
      {connection.kind === "unauthorized" && (
        <button type="button" data-testid="cordline-retry" style={quiet} onClick={retry}>
          {strings.tryAgain}
        </button>
      )}
    </div>
  );
}

function describe(connection: ConnectionState): Status {
  switch (connection.kind) {
    case "connecting":
      return { colour: WARN, line: strings.connecting };
    case "lost":
      return { colour: BAD, line: strings.lost };
    case "unauthorized":
      return { colour: BAD, line: strings.refused };
    case "versionMismatch":
      return { colour: BAD, line: strings.otherVersion };
    default: {
      const { welcome, device } = connection;
      if (!welcome.ready) return { colour: WARN, line: strings.notReady };
      const bundle = welcome.bundle ? `${welcome.bundle.id} ${welcome.bundle.version}` : "";
      const line = strings.ready(device.provider, bundle);
      // A fall-back to another processor gives the same answers, more slowly: never silent.
      if (device.fallbacks.length === 0) return { colour: GOOD, line };
      return { colour: GOOD, line: `${line} · ${strings.slower}`, details: device.fallbacks };
    }
  }
}
