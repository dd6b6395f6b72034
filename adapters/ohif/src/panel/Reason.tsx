/** Why a reader rejects: a field that has the keyboard as soon as it is there. Enter sends, Escape closes. */

import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from "react";
import { strings } from "../strings";
import { GROUND, INK, shared } from "./styles";

const MOST_LETTERS = 1000;

export function Reason({ send, close }: { send(reason: string): void; close(): void }) {
  const [reason, setReason] = useState("");
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    field.current?.focus();
    // Closed, whatever opened it has the keyboard again.
    return () => (before instanceof HTMLElement && before.isConnected ? before.focus() : undefined);
  }, []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send(reason.trim());
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Escape") close();
  };
  return (
    <form style={{ display: "flex", gap: 8, marginTop: 8 }} onSubmit={submit}>
      <input
        ref={field}
        data-testid="cordline-reason"
        aria-label={strings.why}
        placeholder={strings.why}
        maxLength={MOST_LETTERS}
        value={reason}
        onChange={(change) => setReason(change.target.value)}
        onKeyDown={keys}
        style={{ flex: 1, minWidth: 0, background: GROUND, color: INK, border: `1px solid ${INK}`, padding: 4 }}
      />
      <button type="submit" data-testid="cordline-reject-now" style={{ ...shared, flex: "none" }}>
        {strings.reject}
      </button>
    </form>
  );
}
