/** What is used of OHIF and Cornerstone, and nothing else of them: their own types change from release to release. */

export interface DisplaySet {
  displaySetInstanceUID: string;
  StudyInstanceUID: string;
  SeriesInstanceUID: string;
  Modality: string;
  isOverlayDisplaySet?: boolean;
  instances?: { StudyDate?: string; StudyDescription?: string; ImageOrientationPatient?: number[] }[];
}

interface Camera {
  focalPoint: number[];
  position: number[];
  viewPlaneNormal: number[];
}

export interface Viewport {
  type: string;
  /** `rendered` once it has drawn its images. */
  viewportStatus?: string;
  element: HTMLElement;
  getImageIds(): string[];
  getFrameOfReferenceUID?(): string | undefined;
  getCamera(): Camera;
  setCamera(camera: Partial<Camera>): void;
  worldToCanvas(place: number[]): [number, number];
  /** What is drawn in it; of a labelmap the name begins with its id. */
  getActors(): { representationUID?: string }[];
  render(): void;
}

interface Segmentation {
  createLabelmapForDisplaySet(displaySet: DisplaySet, options: object): Promise<string>;
  addSegmentationRepresentation(viewportId: string, options: object): Promise<void>;
  setSegmentColor(viewportId: string, segmentationId: string, segment: number, colour: number[]): void;
  setSegmentLocked(segmentationId: string, segment: number, locked: boolean): void;
  setSegmentVisibility(viewportId: string, segmentationId: string, segment: number, visible: boolean): void;
  addSegment(segmentationId: string, segment: object): void;
  setActiveSegment(segmentationId: string, segment: number): void;
  setActiveSegmentation(viewportId: string, segmentationId: string): void;
  getSegmentationRepresentations(
    viewportId: string,
    of: { segmentationId: string },
  ): { segments: Record<number, { visible: boolean }> }[];
  getViewportIdsWithSegmentation(segmentationId: string): string[];
  remove(segmentationId: string): void;
}

interface Subscribable {
  EVENTS: Record<string, string>;
  subscribe(event: string, listener: () => void): { unsubscribe(): void };
}

export interface ToolGroup {
  id: string;
  hasTool(name: string): boolean;
  addToolInstance(name: string, parent: string, configuration: object): void;
  setToolPassive(name: string): void;
  getActivePrimaryMouseButtonTool(): string | undefined;
}

export interface Services {
  viewportGridService: Subscribable & {
    getState(): { activeViewportId: string; viewports: Map<string, { displaySetInstanceUIDs?: string[] }> };
    setDisplaySetsForViewports(wanted: { viewportId: string; displaySetInstanceUIDs: string[] }[]): void;
  };
  displaySetService: Subscribable & {
    getDisplaySetByUID(uid: string): DisplaySet | undefined;
    getActiveDisplaySets(): DisplaySet[];
  };
  cornerstoneViewportService: Subscribable & { getCornerstoneViewport(viewportId: string): Viewport | undefined };
  segmentationService: Segmentation & Subscribable;
  toolGroupService: { getToolGroupForViewport(viewportId: string): ToolGroup | undefined };
  uiNotificationService: {
    show(notification: { title: string; message: string; type: string; duration: number; position: string }): void;
  };
}

export interface Host {
  servicesManager: { services: Services };
  commandsManager: { runCommand(name: string, options: object): unknown };
}

interface LabelmapImage {
  referencedImageId: string;
  columns: number;
  voxelManager: { getScalarData(): Uint8Array; setScalarData?(data: Uint8Array): void };
}

interface LoadedImage {
  voxelManager: { getScalarData(): ArrayLike<number> };
}

export interface Instance {
  SOPInstanceUID: string;
  SeriesInstanceUID: string;
  ImagePositionPatient: number[];
  ImageOrientationPatient: number[];
  LossyImageCompression?: string;
}

interface ModalityLut {
  rescaleSlope?: number;
  rescaleIntercept?: number;
}

interface Cornerstone {
  cache: { getImage(imageId: string): LabelmapImage | undefined };
  imageLoader: { loadAndCacheImage(imageId: string): Promise<LoadedImage> };
  metaData: {
    get(kind: "instance", imageId: string): Instance | undefined;
    get(kind: "modalityLutModule", imageId: string): ModalityLut | undefined;
  };
  utilities: { jumpToSlice(element: HTMLElement, options: { imageIndex: number }): Promise<void> };
}

interface SegmentationState {
  segments: Record<number, { locked: boolean }>;
  representationData: { Labelmap: { imageIds: string[] } };
}

interface Representation {
  type: string;
  segments: Record<number, { visible: boolean }>;
}

interface CornerstoneTools {
  utilities: { segmentation: { setBrushSizeForToolGroup(toolGroupId: string, radius: number): void } };
  segmentation: {
    state: {
      getSegmentation(id: string): SegmentationState | undefined;
      getSegmentationRepresentations(viewportId: string, of: { segmentationId: string }): Representation[];
    };
    removeSegmentationRepresentations(viewportId: string, of: { segmentationId: string }): void;
    config: {
      style: { setStyle(of: object, style: object): void };
      color: {
        getSegmentIndexColor(viewportId: string, segmentationId: string, segment: number): number[] | undefined;
      };
    };
    triggerSegmentationEvents: { triggerSegmentationDataModified(id: string): void };
  };
}

/** The host's own objects: OHIF hangs them on the window. */
export const cornerstone = (): Cornerstone => (window as unknown as { cornerstone: Cornerstone }).cornerstone;
export const tools = (): CornerstoneTools =>
  (window as unknown as { cornerstoneTools: CornerstoneTools }).cornerstoneTools;

/** The viewport that the reader works in, with the images in it. */
export interface Active {
  viewportId: string;
  viewport: Viewport;
  displaySet: DisplaySet;
}

/** The images that are looked at, drawn already or not; what is shown over images counts only where it has the viewport alone. */
export function lookedAt(host: Host): DisplaySet | undefined {
  const { viewportGridService, displaySetService } = host.servicesManager.services;
  const { activeViewportId, viewports } = viewportGridService.getState();
  const uids = viewports.get(activeViewportId)?.displaySetInstanceUIDs ?? [];
  const shown = uids.map((uid) => displaySetService.getDisplaySetByUID(uid));
  return shown.find((one) => one && !one.isOverlayDisplaySet) ?? shown.find((one) => one !== undefined);
}

/** The viewport, once it has its images. */
export function active(host: Host): Active | undefined {
  const { viewportGridService, cornerstoneViewportService } = host.servicesManager.services;
  const viewportId = viewportGridService.getState().activeViewportId;
  const displaySet = lookedAt(host);
  const viewport = cornerstoneViewportService.getCornerstoneViewport(viewportId);
  return displaySet && viewport ? { viewportId, viewport, displaySet } : undefined;
}

/** Puts a series into the viewport that the reader works in. */
export function openSeries(host: Host, seriesUid: string): void {
  const { viewportGridService, displaySetService } = host.servicesManager.services;
  const wanted = displaySetService.getActiveDisplaySets().find((one) => one.SeriesInstanceUID === seriesUid);
  // Setting what is there already would load and draw it anew.
  if (!wanted || wanted === lookedAt(host)) return;
  const viewportId = viewportGridService.getState().activeViewportId;
  const displaySetInstanceUIDs = [wanted.displaySetInstanceUID];
  viewportGridService.setDisplaySetsForViewports([{ viewportId, displaySetInstanceUIDs }]);
}

/** True where the images of a series are cut from front to back and from head to feet, as far as the viewer has them. */
export function isSagittal(host: Host, seriesUid: string): boolean {
  const { displaySetService } = host.servicesManager.services;
  const of = displaySetService.getActiveDisplaySets().find((one) => one.SeriesInstanceUID === seriesUid);
  const [, b = 0, c = 0, , e = 0, f = 0] = of?.instances?.[0]?.ImageOrientationPatient?.map(Number) ?? [];
  return Math.abs(b * f - c * e) > Math.SQRT1_2;
}

/** How a lesion stands in the viewer: shown or hidden, drawn by the host or lost, and whether the brush may change it. */
export interface LesionMark {
  visible: boolean;
  locked: boolean;
  lost: boolean;
}

/** Calls `listener` when segments change, by us or by the host's own panel. */
export function onSegments(host: Host, listener: () => void): void {
  const { segmentationService } = host.servicesManager.services;
  for (const name of ["SEGMENTATION_MODIFIED", "SEGMENTATION_REPRESENTATION_MODIFIED", "SEGMENTATION_REMOVED"]) {
    const event = segmentationService.EVENTS[name];
    if (event) segmentationService.subscribe(event, listener);
  }
}

/** Calls `listener` when another viewport or other images are looked at; returns how to stop. */
export function onLook(host: Host, listener: () => void): () => void {
  const { viewportGridService, displaySetService, cornerstoneViewportService } = host.servicesManager.services;
  const watched: [Subscribable, (string | undefined)[]][] = [
    [viewportGridService, ["GRID_STATE_CHANGED", "ACTIVE_VIEWPORT_ID_CHANGED"]],
    [displaySetService, ["DISPLAY_SETS_ADDED", "DISPLAY_SETS_CHANGED"]],
    [cornerstoneViewportService, ["VIEWPORT_DATA_CHANGED"]],
  ];
  const subscriptions = watched.flatMap(([service, names]) =>
    names.flatMap((name) => {
      const event = name && service.EVENTS[name];
      return event ? [service.subscribe(event, listener)] : [];
    }),
  );
  return () => {
    for (const subscription of subscriptions) subscription.unsubscribe();
  };
}
