/** One line: is the box there, and what answers. What only its operator can change is folded away. */

import type { Contact } from "../connection";
import { strings } from "../strings";
import { BAD, FAINT, GOOD, quiet, row, WARN } from "./styles";

interface Said {
  colour: string;
  line: string;
  /** For the operator. */
  details?: readonly string[];
}

export function Device({ contact, retry }: { contact: Contact; retry(): void }) {
  const { colour, line, details = [] } = said(contact);
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
      {contact.kind === "refused" && (
        <button type="button" data-testid="cordline-retry" style={quiet} onClick={retry}>
          {strings.tryAgain}
        </button>
      )}
    </div>
  );
}

function said(contact: Contact): Said {
  switch (contact.kind) {
    case "connecting":
      return { colour: WARN, line: strings.connecting };
    case "lost":
      return { colour: BAD, line: strings.lost };
    case "refused":
      return { colour: BAD, line: strings.refused };
    case "other":
      return { colour: BAD, line: strings.otherVersion };
    default: {
      const { welcome, device } = contact;
      if (!welcome.ready) return { colour: WARN, line: strings.notReady };
      const bundle = welcome.bundle ? `${welcome.bundle.id} ${welcome.bundle.version}` : "";
      const line = strings.ready(device.provider, bundle);
      // It answers the same, and slower: said, never silent.
      if (device.fallbacks.length === 0) return { colour: GOOD, line };
      return { colour: GOOD, line: `${line} · ${strings.slower}`, details: device.fallbacks };
    }
  }
}
