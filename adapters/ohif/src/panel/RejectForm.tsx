/** Form for the reason of a rejection. It takes the focus; Enter submits, Escape closes. */

import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from "react";
import { strings } from "../strings";
import { GROUND, INK, shared } from "./styles";

const MAX_LENGTH = 1000;

interface Props {
  /** True while nothing can be sent; Enter does nothing then. */
  disabled: boolean;
  submit(reason: string): void;
  close(): void;
}

export function RejectForm({ disabled, submit, close }: Props) {
  const [reason, setReason] = useState("");
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    input.current?.focus();
    // On close the focus returns to the button that opened it.
    return () => (before instanceof HTMLElement && before.isConnected ? before.focus() : undefined);
  }, []);
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    submit(reason.trim());
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") close();
  };
  return (
    <form style={{ display: "flex", gap: 8, marginTop: 8 }} onSubmit={onSubmit}>
      <input
        ref={input}
        data-testid="cordline-reason"
        aria-label={strings.why}
        placeholder={strings.why}
        maxLength={MAX_LENGTH}
        value={reason}
        onChange={(change) => setReason(change.target.value)}
        onKeyDown={onKeyDown}
        style={{ flex: 1, minWidth: 0, background: GROUND, color: INK, border: `1px solid ${INK}`, padding: 4 }}
      />
      <button type="submit" data-testid="cordline-reject-now" style={{ ...shared, flex: "none" }} disabled={disabled}>
        {strings.reject}
      </button>
    </form>
  );
}
