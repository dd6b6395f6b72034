/** The extension, as OHIF takes it: by its address in app-config.js, or as a dependency of a build of your own. */
declare const extension: {
  id: string;
  version: string;
  preRegistration(): void;
  /** `host`: what OHIF gives to every extension (servicesManager, commandsManager). */
  onModeEnter(host: never): void;
  getPanelModule(host: never): { name: string; iconName: string; iconLabel: string; label: string; component: unknown }[];
};
export default extension;
