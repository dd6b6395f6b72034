/** What goes on for as long as the page is open, whatever tab is: the connection, and drawing on the images that are looked at. */

import { Heat } from "./heat";
import { type Host, lookedAt, onLook, onSegments, openSeries } from "./host";
import { isRunning } from "./job";
import { Masks } from "./masks";
import { outcome } from "./outcome";
import { type Known, Store } from "./store";
import { strings } from "./strings";

export interface Reading {
  store: Store;
  masks: Masks;
}

let begun: Reading | undefined;

/** Begins once a page. */
export function reading(host: Host): Reading {
  begun ??= begin(host);
  return begun;
}

function begin(host: Host): Reading {
  const store = new Store();
  const masks = new Masks(host, (job) => store.refuse(job), store.again);
  const drawHeat = heatOf(host);
  const tell = teller(host);
  const look = () => {
    const images = lookedAt(host);
    // Between two layouts nothing is looked at: what was stays.
    if (images) store.look(images.StudyInstanceUID, images.SeriesInstanceUID);
    follow(store.get());
  };
  const follow = (known: Known) => {
    const { job, refused, contact } = known;
    if (job && !refused) void masks.draw(job).catch(console.error);
    else if (!job && contact.kind === "there") void masks.prepare().catch(console.error);
    if (job) store.mark(masks.marks(job));
    drawHeat(known);
  };
  onLook(host, look);
  onSegments(host, () => {
    const { job } = store.get();
    if (job) store.mark(masks.marks(job));
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
function heatOf(host: Host): (known: Known) => void {
  const heat = new Heat(host);
  let shown: string | undefined;
  return ({ heat: wanted, job }) => {
    // After a page was loaded anew the map is wanted before it is there.
    const there = wanted && job?.heat.has(wanted.classifier) && !isRunning(job) ? wanted : undefined;
    const key = there && `${job?.id} ${there.classifier} ${there.opacity}`;
    if (key === shown) return;
    shown = key;
    if (there && job) void heat.show(job, there.classifier, there.opacity).catch(console.error);
    else heat.hide();
  };
}

/** Tells the end of what was waited for, and what goes wrong, as notifications of the host: the reader may be in another tab. */
function teller(host: Host): (known: Known) => void {
  const { uiNotificationService } = host.servicesManager.services;
  const show = (type: string, message: string) =>
    // Not over the panel, whose buttons are wanted next.
    uiNotificationService.show({ title: strings.title, message, type, duration: 5000, position: "bottom-center" });
  let told: string | undefined;
  let error: string | undefined;
  let refused: string | undefined;
  return ({ job, news, error: wrong, refused: why }) => {
    const came = job && news === job.id && !why && !isRunning(job) ? outcome(job) : undefined;
    if (came && told !== news) show({ plain: "info", warn: "warning", bad: "error" }[came.tone], came.title);
    told = came && news;
    if (wrong && wrong !== error) show("error", wrong);
    if (why && why !== refused) show("error", why);
    error = wrong;
    refused = why;
  };
}
