/** The first line: is the box there, and what will answer. */

import type { Contact } from "../connection";
import { strings } from "../strings";
import { BAD, faint, GOOD, WARN } from "./styles";

export function Device({ contact }: { contact: Contact }) {
  const [colour, words] = said(contact);
  return (
    <output data-testid="cordline-device" style={{ display: "flex", gap: 8, alignItems: "baseline" }}>
      <span aria-hidden style={{ width: 9, height: 9, borderRadius: 9, background: colour, flex: "none" }} />
      <span style={faint}>{words}</span>
    </output>
  );
}

function said(contact: Contact): [string, string] {
  switch (contact.kind) {
    case "connecting":
      return [WARN, strings.connecting];
    case "lost":
      return [BAD, strings.lost];
    case "refused":
      return [BAD, strings.refused];
    default: {
      const { welcome, provider } = contact;
      if (!welcome.ready) return [WARN, strings.notReady];
      const bundle = welcome.bundle ? `${welcome.bundle.id} ${welcome.bundle.version}` : "";
      return [GOOD, strings.ready(provider, bundle)];
    }
  }
}
