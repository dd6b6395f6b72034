/** Entry point of the OHIF extension. */

import getPanelModule from "./getPanelModule";
import { id } from "./id";
import init from "./init";

export default {
  id,
  version: "0.1.0",
  preRegistration() {
    // Not awaited: OHIF would hold up the page for it.
    void init();
  },
  getPanelModule,
};
