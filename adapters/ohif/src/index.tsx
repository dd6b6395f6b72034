/** The extension: one panel, whose React root is its own, since the host does not share its React. */

import { createElement } from "react";
import { createRoot, type Root } from "react-dom/client";
import { isUnknown } from "./connection";
import { type Host, isSagittal, openSeries } from "./host";
import { keepFocus, keepKeys } from "./panel/keys";
import { Panel } from "./panel/Panel";
import { reading } from "./reading";
import { strings } from "./strings";

export const ID = "@cordline/ohif-extension";

/** Without a token there are no images, and so no panel: the page itself says what to do. */
async function greet(): Promise<void> {
  if (!(await isUnknown())) return;
  const said = document.createElement("div");
  said.setAttribute("role", "alert");
  said.dataset.testid = "cordline-no-token";
  said.textContent = `${strings.title}: ${strings.refused}`;
  said.style.cssText =
    "position:fixed;inset:0 0 auto 0;z-index:9999;padding:12px 16px;background:#5c1a16;color:#fff;font:14px/1.5 sans-serif";
  document.body.append(said);
}

export default {
  id: ID,
  version: "0.1.0",
  preRegistration() {
    void greet();
  },
  getPanelModule(host: Host) {
    let root: Root | undefined;
    const hold = (node: HTMLElement | null) => {
      if (node) {
        const { store, masks } = reading(host);
        keepKeys(node);
        keepFocus(node);
        root = createRoot(node);
        root.render(
          <Panel
            store={store}
            masks={masks}
            open={(series) => openSeries(host, series)}
            isSagittal={(series) => isSagittal(host, series)}
          />,
        );
      } else {
        const last = root;
        // The host is still rendering: a root may not be taken down within another's work.
        setTimeout(() => last?.unmount());
      }
    };
    // No hooks here: this runs inside the host's React. The host lays its tabs above us, in a column.
    const component = () => createElement("div", { ref: hold, style: { height: "100%", flex: "1 1 0", minHeight: 0 } });
    return [
      { name: "findings", iconName: "tab-patient-info", iconLabel: strings.title, label: strings.title, component },
    ];
  },
};
