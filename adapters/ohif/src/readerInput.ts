/** What a reader does with the viewer: from then on the view is theirs. */

const INPUT_EVENTS = ["pointerdown", "wheel", "keydown"] as const;
/** The images and the study browser. */
const IMAGE_AREAS = "[data-cy=viewport-grid], [data-cy=viewport-pane], [data-cy^=study-browser-thumbnail]";
const PANEL = "[data-testid=cordline-panel]";

/**
 * Calls `listener` with each input over the images, or anywhere outside the panel, and with each key that OHIF hears as a shortcut;
 * returns the unsubscribe function. The panel stops its own keys before they reach the document.
 */
export function onReaderInput(listener: () => void, where: "images" | "outside the panel"): () => void {
  const onInput = ({ target, type }: Event) => {
    const isShortcut = type === "keydown" && target === document.body;
    const isInside =
      target instanceof Element && (where === "images" ? target.closest(IMAGE_AREAS) : !target.closest(PANEL));
    if (isShortcut || isInside) listener();
  };
  for (const kind of INPUT_EVENTS) document.addEventListener(kind, onInput, { capture: true, passive: true });
  return () => {
    for (const kind of INPUT_EVENTS) document.removeEventListener(kind, onInput, { capture: true });
  };
}
