/** The first line: is the box there, and what will answer. */

import type { Contact } from "../connection";
import { strings } from "../strings";
import { BAD, FAINT, GOOD, quiet, row, WARN } from "./styles";

export function Device({ contact, retry }: { contact: Contact; retry(): void }) {
  const [colour, ...lines] = said(contact);
  return (
    <div style={row}>
      <output data-testid="cordline-device" style={{ display: "flex", gap: 8, alignItems: "baseline" }}>
        <span aria-hidden style={{ width: 10, height: 10, borderRadius: 10, background: colour, flex: "none" }} />
        <span style={{ color: colour === GOOD ? FAINT : colour, fontSize: 12 }}>
          {lines.map((line) => (
            <span key={line} style={{ display: "block" }}>
              {line}
            </span>
          ))}
        </span>
      </output>
      {contact.kind === "refused" && (
        <button type="button" data-testid="cordline-retry" style={quiet} onClick={retry}>
          {strings.tryAgain}
        </button>
      )}
    </div>
  );
}

function said(contact: Contact): [string, ...string[]] {
  switch (contact.kind) {
    case "connecting":
      return [WARN, strings.connecting];
    case "lost":
      return [BAD, strings.lost];
    case "refused":
      return [BAD, strings.refused];
    case "other":
      return [BAD, strings.otherVersion];
    default: {
      const { welcome, device } = contact;
      if (!welcome.ready) return [WARN, strings.notReady];
      const bundle = welcome.bundle ? `${welcome.bundle.id} ${welcome.bundle.version}` : "";
      const ready = strings.ready(device.provider, bundle);
      // It answers the same, and slower: said, never silent.
      return device.fallbacks.length > 0 ? [WARN, ready, strings.slower(device.fallbacks)] : [GOOD, ready];
    }
  }
}
