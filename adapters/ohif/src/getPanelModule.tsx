/** The panel module. The panel renders with its own copy of React, since OHIF does not share its own. */

import { createElement } from "react";
import { createRoot, type Root } from "react-dom/client";
import { getController } from "./controller";
import { PANEL } from "./id";
import { type ExtensionParams, isSagittal, openSeries } from "./ohifServices";
import { keepFocus, trapKeys } from "./panel/keyboard";
import { Panel } from "./panel/Panel";
import { strings } from "./strings";

export default function getPanelModule(ohif: ExtensionParams) {
  let root: Root | undefined;
  const mount = (node: HTMLElement | null) => {
    if (node) {
      const { store, masks, jump } = getController(ohif);
      trapKeys(node);
      keepFocus(node);
      root = createRoot(node);
      root.render(
        <Panel
          store={store}
          masks={masks}
          jump={jump}
          open={(series) => openSeries(ohif, series)}
          isSagittal={(series) => isSagittal(ohif, series)}
        />,
      );
    } else {
      const last = root;
      // OHIF's React is still rendering: a root must not be unmounted during the render of another.
      setTimeout(() => last?.unmount());
    }
  };
  // No hooks: this runs in OHIF's React. OHIF stacks its tabs above the panel in a flex column.
  const component = () => createElement("div", { ref: mount, style: { height: "100%", flex: "1 1 0", minHeight: 0 } });
  return [{ name: PANEL, iconName: "tab-patient-info", iconLabel: strings.title, label: strings.title, component }];
}
