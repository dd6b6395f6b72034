/** The mode: derived at run time from OHIF's own basic viewer (longitudinal), with the panel open. */

import { id, PANEL } from "./id";

interface Route {
  layoutInstance: { props: { rightPanels: string[] } };
}

interface Mode {
  modeInstance: { routes: [Route, ...Route[]] };
}

export default {
  id: "@cordline/ohif-mode",
  async modeFactory({ loadModules }: { loadModules(ids: string[]): Promise<[Mode]> }) {
    const [{ modeInstance }] = await loadModules(["@ohif/mode-longitudinal"]);
    const [route] = modeInstance.routes;
    const { props } = route.layoutInstance;
    const layoutInstance = {
      ...route.layoutInstance,
      props: { ...props, rightPanels: [`${id}.panelModule.${PANEL}`, ...props.rightPanels], rightPanelClosed: false },
    };
    return {
      ...modeInstance,
      id: "@cordline/ohif-mode",
      routeName: "cordline",
      displayName: "Cordline",
      _activatePanelTriggersSubscriptions: [],
      routes: [{ ...route, path: "cordline", layoutInstance }],
    };
  },
};
