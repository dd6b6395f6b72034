/** Entry point of the OHIF extension. */

import { ignoreDisposed } from "./disposeSegmentation";
import getPanelModule from "./getPanelModule";
import { beginVisit, id } from "./id";
import init from "./init";
import type { ExtensionParams } from "./ohifServices";

export default {
  id,
  version: "0.1.0",
  preRegistration() {
    // Not awaited: OHIF would hold up the page for it.
    void init();
  },
  onModeEnter(host: ExtensionParams) {
    beginVisit();
    ignoreDisposed(host);
  },
  getPanelModule,
};
