/** What goes on for as long as the page is open, whatever tab is: the connection, and drawing on the images that are looked at. */

import { Arrival } from "./arrival";
import { Heat } from "./heat";
import { type Host, lookedAt, onLook, onSegments, openSeries } from "./host";
import { isRunning } from "./job";
import type { Known } from "./known";
import { Masks } from "./masks";
import { teller } from "./notifications";
import { Store } from "./store";
import { isOf, shownIn } from "./viewports";

export interface Reading {
  store: Store;
  masks: Masks;
}

/** How often the viewer is looked at: it tells of no layout that drops what was drawn. */
const LOOK_MS = 700;
/** Hides and shows all that is ours, over the images; none of the host's own keys. */
const HIDE_KEY = "o";

let begun: Reading | undefined;

/** Begins once a page. */
export function reading(host: Host): Reading {
  begun ??= begin(host);
  return begun;
}

function begin(host: Host): Reading {
  const store = new Store();
  const masks = new Masks(host, (job) => store.refuse(job), store.again);
  const heat = new Heat(host);
  const arrival = new Arrival(host);
  const tell = teller(host);
  const look = () => {
    const images = lookedAt(host);
    // Between two layouts nothing is looked at: what was stays.
    if (images) {
      arrival.look(images.StudyInstanceUID);
      store.look(images);
    }
    follow(store.get());
    hang();
  };
  const hang = () => {
    const { job, refused, hang: wanted } = store.get();
    if (job && wanted === job.id && !refused)
      void arrival.hang(job).then((isHung) => isHung && store.hung(), console.error);
  };
  const follow = (known: Known) => {
    const { job, refused, contact, view } = known;
    if (refused) masks.clear();
    else if (job) void masks.draw(job, view).catch(console.error);
    else if (contact.kind === "there") void masks.prepare().catch(console.error);
    drawHeat(heat, known);
    see();
  };
  const see = () => {
    const { job } = store.get();
    if (!job) return;
    const has3d = shownIn(host).some((shown) => shown.kind === "rendering" && isOf(job, shown));
    store.see({ marks: masks.marks(job), masksSeen: masks.seen(job), heatSeen: heat.seen(job), has3d });
  };
  onLook(host, look);
  onSegments(host, see);
  setInterval(look, LOOK_MS);
  document.addEventListener("keydown", (event) => {
    const isTyping =
      event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== HIDE_KEY || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
    store.setView({ hidden: !store.get().view.hidden });
  });
  window.addEventListener("beforeunload", (event) => {
    // What a reader has painted lives in this page alone until it is classified.
    if (store.get().correcting) event.preventDefault();
  });
  store.subscribe(() => {
    const known = store.get();
    if (known.awaited) {
      store.seen();
      openSeries(host, known.awaited);
    }
    tell(known);
    follow(known);
  });
  look();
  return { store, masks };
}

/** Draws the heat map that is wanted, and takes it away. */
function drawHeat(heat: Heat, { heat: wanted, job, view, refused }: Known): void {
  // After a page was loaded anew the map is wanted before it is there.
  const isThere = wanted && job?.heat.has(wanted.classifier) && !isRunning(job);
  if (job && isThere && !view.hidden && !refused)
    void heat.show(job, wanted.classifier, wanted.opacity).catch(console.error);
  else heat.hide();
}
