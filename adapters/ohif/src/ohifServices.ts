/**
 * Types of, and access to, all that the extension uses of OHIF's services and Cornerstone. Only the members in use are typed, since
 * their own types change from release to release: what is not here is not used.
 */

export interface DisplaySet {
  displaySetInstanceUID: string;
  StudyInstanceUID: string;
  SeriesInstanceUID: string;
  Modality: string;
  isOverlayDisplaySet?: boolean;
  instances?: { StudyDate?: string; StudyDescription?: string; ImageOrientationPatient?: number[] }[];
}

interface Actor {
  representationUID?: string;
  /** Of a labelmap: opacity by segment. */
  actor: { getProperty(): { getScalarOpacity?(): { getValue(segment: number): number } | null } };
}

interface Camera {
  focalPoint: number[];
  position: number[];
  viewPlaneNormal: number[];
}

export interface Viewport {
  type: string;
  /** `rendered` once the images are drawn. */
  viewportStatus?: string;
  element: HTMLElement;
  getImageIds(): string[];
  getFrameOfReferenceUID?(): string | undefined;
  getCamera(): Camera;
  setCamera(camera: Partial<Camera>): void;
  worldToCanvas(point: number[]): [number, number];
  /** For a labelmap `representationUID` begins with the id of its segmentation. */
  getActors(): Actor[];
  render(): void;
}

interface SegmentationService {
  createLabelmapForDisplaySet(displaySet: DisplaySet, options: object): Promise<string>;
  addSegmentationRepresentation(viewportId: string, options: { segmentationId: string; type?: string }): Promise<void>;
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
    setDisplaySetsForViewports(viewports: { viewportId: string; displaySetInstanceUIDs: string[] }[]): void;
  };
  displaySetService: Subscribable & {
    getDisplaySetByUID(uid: string): DisplaySet | undefined;
    getActiveDisplaySets(): DisplaySet[];
  };
  cornerstoneViewportService: Subscribable & { getCornerstoneViewport(viewportId: string): Viewport | undefined };
  segmentationService: SegmentationService & Subscribable;
  toolGroupService: {
    getToolGroup(toolGroupId: string): ToolGroup | undefined;
    getToolGroupForViewport(viewportId: string): ToolGroup | undefined;
  };
  uiNotificationService: {
    show(notification: { title: string; message: string; type: string; duration: number; position: string }): void;
  };
}

/** What OHIF passes to the modules of an extension. */
export interface ExtensionParams {
  servicesManager: { services: Services };
  commandsManager: { runCommand(name: string, options: object): unknown };
}

export interface LabelmapImage {
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
  /** Position and orientation are absent where an image has no plane. */
  ImagePositionPatient?: number[];
  ImageOrientationPatient?: number[];
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
    triggerSegmentationEvents: {
      triggerSegmentationDataModified(id: string): void;
      triggerSegmentationRepresentationModified(viewportId: string, id: string, type: string): void;
    };
  };
}

/** OHIF publishes its Cornerstone as globals; a second, bundled copy would have caches of its own. */
export const cornerstone = (): Cornerstone => (window as unknown as { cornerstone: Cornerstone }).cornerstone;
export const cornerstoneTools = (): CornerstoneTools =>
  (window as unknown as { cornerstoneTools: CornerstoneTools }).cornerstoneTools;

/** The active viewport with its images. */
export interface ActiveViewport {
  viewportId: string;
  viewport: Viewport;
  displaySet: DisplaySet;
}

/** The images of the active viewport, drawn or not. An overlay (SEG, for example) counts only if it is alone in the viewport. */
export function activeDisplaySet(ohif: ExtensionParams): DisplaySet | undefined {
  const { viewportGridService, displaySetService } = ohif.servicesManager.services;
  const { activeViewportId, viewports } = viewportGridService.getState();
  const uids = viewports.get(activeViewportId)?.displaySetInstanceUIDs ?? [];
  const displaySets = uids.map((uid) => displaySetService.getDisplaySetByUID(uid));
  return displaySets.find((one) => one && !one.isOverlayDisplaySet) ?? displaySets.find((one) => one !== undefined);
}

/** The active viewport; `undefined` until it has images. */
export function activeViewport(ohif: ExtensionParams): ActiveViewport | undefined {
  const { viewportGridService, cornerstoneViewportService } = ohif.servicesManager.services;
  const viewportId = viewportGridService.getState().activeViewportId;
  const displaySet = activeDisplaySet(ohif);
  const viewport = cornerstoneViewportService.getCornerstoneViewport(viewportId);
  return displaySet && viewport ? { viewportId, viewport, displaySet } : undefined;
}

/** Shows a series in the active viewport. */
export function openSeries(ohif: ExtensionParams, seriesUid: string): void {
  const { viewportGridService, displaySetService } = ohif.servicesManager.services;
  const wanted = displaySetService.getActiveDisplaySets().find((one) => one.SeriesInstanceUID === seriesUid);
  // OHIF would load and draw a series again that is already shown.
  if (!wanted || wanted === activeDisplaySet(ohif)) return;
  const viewportId = viewportGridService.getState().activeViewportId;
  const displaySetInstanceUIDs = [wanted.displaySetInstanceUID];
  viewportGridService.setDisplaySetsForViewports([{ viewportId, displaySetInstanceUIDs }]);
}

/** True if the images of a series are sagittal, by the metadata that OHIF has loaded. */
export function isSagittal(ohif: ExtensionParams, seriesUid: string): boolean {
  const { displaySetService } = ohif.servicesManager.services;
  const displaySet = displaySetService.getActiveDisplaySets().find((one) => one.SeriesInstanceUID === seriesUid);
  const [, b = 0, c = 0, , e = 0, f = 0] = displaySet?.instances?.[0]?.ImageOrientationPatient?.map(Number) ?? [];
  return Math.abs(b * f - c * e) > Math.SQRT1_2;
}

/** State of a lesion's segment in the viewports. */
export interface LesionStatus {
  visible: boolean;
  /** Protected from the brush. */
  locked: boolean;
  /** Not drawn, though it should be. */
  lost: boolean;
}

/** Calls `listener` when segmentations change, through this extension or OHIF's own panel. */
export function onSegmentationChange(ohif: ExtensionParams, listener: () => void): void {
  const { segmentationService } = ohif.servicesManager.services;
  for (const name of ["SEGMENTATION_MODIFIED", "SEGMENTATION_REPRESENTATION_MODIFIED", "SEGMENTATION_REMOVED"]) {
    const event = segmentationService.EVENTS[name];
    if (event) segmentationService.subscribe(event, listener);
  }
}

/** Calls `listener` when the grid, the active viewport or its images change; returns the unsubscribe function. */
export function onViewportChange(ohif: ExtensionParams, listener: () => void): () => void {
  const { viewportGridService, displaySetService, cornerstoneViewportService } = ohif.servicesManager.services;
  const events: [Subscribable, (string | undefined)[]][] = [
    [viewportGridService, ["GRID_STATE_CHANGED", "ACTIVE_VIEWPORT_ID_CHANGED"]],
    [displaySetService, ["DISPLAY_SETS_ADDED", "DISPLAY_SETS_CHANGED"]],
    [cornerstoneViewportService, ["VIEWPORT_DATA_CHANGED"]],
  ];
  const subscriptions = events.flatMap(([service, names]) =>
    names.flatMap((name) => {
      const event = name && service.EVENTS[name];
      return event ? [service.subscribe(event, listener)] : [];
    }),
  );
  return () => {
    for (const subscription of subscriptions) subscription.unsubscribe();
  };
}
