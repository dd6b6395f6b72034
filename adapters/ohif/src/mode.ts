/** A mode derived from the host's own at run time: its viewer, with our panel open. */

interface Route {
  layoutInstance: { props: { rightPanels: string[] } };
}

interface Mode {
  modeInstance: { routes: [Route, ...Route[]] };
}

const PANEL = "@cordline/ohif-extension.panelModule.findings";

export default {
  id: "@cordline/ohif-mode",
  async modeFactory({ loadModules }: { loadModules(ids: string[]): Promise<[Mode]> }) {
    const [{ modeInstance }] = await loadModules(["@ohif/mode-longitudinal"]);
    const [route] = modeInstance.routes;
    const { props } = route.layoutInstance;
    const layoutInstance = {
      ...route.layoutInstance,
      props: { ...props, rightPanels: [PANEL, ...props.rightPanels], rightPanelClosed: false },
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
