/** What a reader does with the images themselves: from then on the view is theirs. */

/** Input over the images or the study browser counts. The panel stops its own keys before they reach the document. */
const INPUT_EVENTS = ["pointerdown", "wheel", "keydown"] as const;
const IMAGE_AREAS = "[data-cy=viewport-grid], [data-cy=viewport-pane], [data-cy^=study-browser-thumbnail]";

/** Calls `listener` with each such input; returns the unsubscribe function. */
export function onReaderInput(listener: () => void): () => void {
  const onInput = ({ target, type }: Event) => {
    const isShortcut = type === "keydown" && target === document.body;
    if (isShortcut || (target instanceof Element && target.closest(IMAGE_AREAS))) listener();
  };
  for (const kind of INPUT_EVENTS) document.addEventListener(kind, onInput, { capture: true, passive: true });
  return () => {
    for (const kind of INPUT_EVENTS) document.removeEventListener(kind, onInput, { capture: true });
  };
}
