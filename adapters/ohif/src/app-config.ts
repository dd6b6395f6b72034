/** OHIF's configuration as the gateway serves it: one origin for pages, images and answers. */

// The prebuilt OHIF 3.12 asks for Node's name of the file where its style sheet comes after its scripts, and stays empty for want of it.
(window as unknown as { __filename?: string }).__filename ??= "";

const source = "@ohif/extension-default.dataSourcesModule.dicomweb";

(window as unknown as { config: object }).config = {
  name: "cordline",
  routerBasename: null,
  showStudyList: true,
  customizationService: {},
  extensions: ["/ext/index.js"],
  modes: ["/ext/mode.js"],
  maxNumberOfWebWorkers: 2,
  showWarningMessageForCrossOrigin: true,
  showCPUFallbackMessage: false,
  showLoadingIndicator: true,
  strictZSpacingForVolumeViewport: true,
  investigationalUseDialog: { option: "always" },
  defaultDataSourceName: "dicomweb",
  dataSources: [
    {
      namespace: source,
      sourceName: "dicomweb",
      configuration: {
        friendlyName: "Archive",
        name: "archive",
        wadoUriRoot: "/wado",
        qidoRoot: "/dicom-web",
        wadoRoot: "/dicom-web",
        qidoSupportsIncludeField: false,
        supportsFuzzyMatching: false,
        supportsWildcard: true,
        imageRendering: "wadors",
        thumbnailRendering: "wadors",
        enableStudyLazyLoad: true,
        bulkDataURI: { enabled: true },
        omitQuotationForMultipartRequest: true,
      },
    },
  ],
};
