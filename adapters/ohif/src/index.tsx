/** The extension: one panel, whose React root is its own, since the host does not share its React. */

import { createElement } from "react";
import { createRoot, type Root } from "react-dom/client";
import { Heat } from "./heat";
import { type Host, lookedAt, onLook, openSeries } from "./host";
import { Masks } from "./masks";
import { Panel } from "./panel/Panel";
import { type Known, Store } from "./store";
import { strings } from "./strings";

export const ID = "@cordline/ohif-extension";

let store: Store | undefined;

/** Begins once a page: connection, watching what is looked at, drawing. All of it goes on while another tab is open. */
function begin(host: Host): { store: Store; masks: Masks } {
  const made = store ?? new Store();
  store = made;
  const masks = new Masks(host);
  const heat = new Heat(host);
  let shown: Known["heat"];
  const showHeat = () => {
    const { heat: wanted, job } = made.get();
    if (wanted === shown) return;
    shown = wanted;
    if (wanted && job) void heat.show(job, wanted.classifier, wanted.opacity).catch(console.error);
    else heat.hide();
  };
  const look = () => {
    const images = lookedAt(host);
    // Between two layouts nothing is looked at: what was stays.
    if (images) made.look(images.StudyInstanceUID, images.SeriesInstanceUID);
    const { job } = made.get();
    if (job) void masks.draw(job);
  };
  onLook(host, look);
  made.subscribe(() => {
    const { job, awaited } = made.get();
    if (awaited) {
      made.seen();
      openSeries(host, awaited);
    }
    if (job) void masks.draw(job).catch(console.error);
    showHeat();
  });
  look();
  return { store: made, masks };
}

export default {
  id: ID,
  version: "0.1.0",
  getPanelModule(host: Host) {
    let begun: { store: Store; masks: Masks } | undefined;
    let root: Root | undefined;
    const hold = (node: HTMLElement | null) => {
      if (node) {
        begun ??= begin(host);
        root = createRoot(node);
        const open = (series: string) => openSeries(host, series);
        root.render(<Panel store={begun.store} masks={begun.masks} open={open} />);
      } else {
        const last = root;
        // The host is still rendering: a root may not be taken down within another's work.
        setTimeout(() => last?.unmount());
      }
    };
    // No hooks here: this runs inside the host's React.
    const component = () => createElement("div", { ref: hold, style: { height: "100%" } });
    return [
      { name: "findings", iconName: "tab-patient-info", iconLabel: strings.title, label: strings.title, component },
    ];
  },
};
