/** Keeps keys and focus in the panel: OHIF's shortcuts listen on the whole document, and rotate or flip the images. */

const KEY_EVENTS = ["keydown", "keypress", "keyup"] as const;
const MODIFIERS = new Set(["Shift", "Control", "Alt", "Meta"]);

/** Stops key events from leaving `root`. Listeners inside it, and React's on `root` itself, still receive them. */
export function trapKeys(root: HTMLElement): void {
  const stop = (event: KeyboardEvent) => {
    // Cornerstone must see a modifier released that was pressed over the images.
    if (event.type === "keyup" && MODIFIERS.has(event.key)) return;
    event.stopPropagation();
  };
  for (const kind of KEY_EVENTS) root.addEventListener(kind, stop);
}

/**
 * Moves the focus to `root` when the focused control is removed or disabled: the browser would move it to the page, and the next keys
 * would reach OHIF. A button that waits for an answer has it back with the answer. A click elsewhere moves the focus as usual.
 */
export function keepFocus(root: HTMLElement): void {
  root.tabIndex = -1;
  root.style.outline = "none";
  let focused: HTMLElement | undefined;
  /** Had the focus when it was disabled. */
  let waiting: HTMLElement | undefined;
  const isGone = (element: HTMLElement) => !element.isConnected || (element as HTMLButtonElement).disabled === true;
  const check = () => {
    if (waiting && document.activeElement !== root) waiting = undefined;
    if (waiting && !isGone(waiting)) waiting.focus({ preventScroll: true });
    if (!focused || !root.isConnected) return;
    if (!isGone(focused)) {
      if (document.activeElement !== focused) focused = undefined;
      return;
    }
    const active = document.activeElement;
    if (active === focused || !root.contains(active)) {
      waiting = focused;
      root.focus({ preventScroll: true });
    }
    focused = undefined;
  };
  root.addEventListener("focusin", ({ target }) => {
    focused = target instanceof HTMLElement && target !== root ? target : undefined;
  });
  // Deferred: removal fires `focusout` too, and the new focus of a click is set only after it.
  root.addEventListener("focusout", () => setTimeout(check));
  new MutationObserver(check).observe(root, { subtree: true, childList: true, attributeFilter: ["disabled"] });
}
