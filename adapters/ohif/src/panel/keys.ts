/** Keys that are pressed in the panel stay in it: the host's shortcuts listen on the whole document, and turn or flip the images. */

const KINDS = ["keydown", "keypress", "keyup"] as const;
const MODIFIERS = new Set(["Shift", "Control", "Alt", "Meta"]);

/** Keeps every key that is pressed inside `root` from whatever lies around it. What lies inside, React's own listeners among it, has it. */
export function keepKeys(root: HTMLElement): void {
  const keep = (event: KeyboardEvent) => {
    // A modifier that is let go ends what was begun over the images while it was held.
    if (event.type === "keyup" && MODIFIERS.has(event.key)) return;
    event.stopPropagation();
  };
  for (const kind of KINDS) root.addEventListener(kind, keep);
}

/**
 * Holds the keyboard in `root` where the control that had it is taken away or disabled: the browser would hand it to the page,
 * and with it the next keys to the host. A reader who clicks elsewhere takes it along.
 */
export function keepFocus(root: HTMLElement): void {
  root.tabIndex = -1;
  root.style.outline = "none";
  let had: HTMLElement | undefined;
  const isGone = (one: HTMLElement) => !one.isConnected || (one as HTMLButtonElement).disabled === true;
  const look = () => {
    if (!had || !root.isConnected) return;
    if (!isGone(had)) {
      if (document.activeElement !== had) had = undefined;
      return;
    }
    const now = document.activeElement;
    if (now === had || !root.contains(now)) root.focus({ preventScroll: true });
    had = undefined;
  };
  root.addEventListener("focusin", ({ target }) => {
    had = target instanceof HTMLElement && target !== root ? target : undefined;
  });
  // What was taken away may still be told as left; and who left on purpose is somewhere else a moment later.
  root.addEventListener("focusout", () => setTimeout(look));
  new MutationObserver(look).observe(root, { subtree: true, childList: true, attributeFilter: ["disabled"] });
}
