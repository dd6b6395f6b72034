/** OHIF's own brush and eraser, added to the tool group if the mode left them out. */

import { activeViewport, cornerstoneTools, type ExtensionParams, type ToolGroup } from "./ohifServices";

/** Tool names and strategies as in OHIF's segmentation mode. */
const BRUSHES = {
  brush: { toolName: "CircularBrush", activeStrategy: "FILL_INSIDE_CIRCLE" },
  eraser: { toolName: "CircularEraser", activeStrategy: "ERASE_INSIDE_CIRCLE" },
} as const;

export type BrushKind = keyof typeof BRUSHES;

/** What a tool group was given, and the tool that it had before. */
interface Given {
  brush: string;
  previousTool: string | undefined;
}

export class Brush {
  private kind: BrushKind = "brush";
  private diameterMm = 5;
  /** OHIF has one tool group for stacks and one for MPR, and makes them anew with each study. */
  private readonly given = new Map<ToolGroup, Given>();
  /** Viewport and segmentation that were made the active ones last. */
  private active = "";

  constructor(private readonly ohif: ExtensionParams) {}

  /** `diameterMm`: its width. */
  choose(kind: BrushKind, diameterMm: number): void {
    this.kind = kind;
    this.diameterMm = diameterMm;
  }

  /**
   * Gives the chosen brush to the tool group of the active viewport, unless it has been given it: another tool that the reader took
   * since stays. To be called with each change of the viewports.
   */
  activate(segmentationId: string, segment: number): void {
    const active = activeViewport(this.ohif);
    const { toolGroupService } = this.ohif.servicesManager.services;
    const toolGroup = active && toolGroupService.getToolGroupForViewport(active.viewportId);
    if (!toolGroup || active.viewport.type === "volume3d") return;
    this.paintOn(active.viewportId, segmentationId, segment);
    const given = this.given.get(toolGroup);
    const brush = `${this.kind} ${this.diameterMm}`;
    if (given?.brush === brush) return;
    for (const { toolName, activeStrategy } of Object.values(BRUSHES)) {
      if (toolGroup.hasTool(toolName)) continue;
      toolGroup.addToolInstance(toolName, "Brush", { activeStrategy });
      toolGroup.setToolPassive(toolName);
    }
    const current = toolGroup.getActivePrimaryMouseButtonTool();
    this.given.set(toolGroup, { brush, previousTool: isBrush(current) ? given?.previousTool : current });
    this.setTool(BRUSHES[this.kind].toolName, toolGroup.id);
    // Cornerstone takes the radius.
    cornerstoneTools().utilities.segmentation.setBrushSizeForToolGroup(toolGroup.id, this.diameterMm / 2);
  }

  /** Takes the brush from all tool groups that were given it: each has the tool again that it had before. */
  deactivate(): void {
    const { toolGroupService } = this.ohif.servicesManager.services;
    for (const [toolGroup, { previousTool }] of this.given) {
      const isInUse = toolGroupService.getToolGroup(toolGroup.id) === toolGroup;
      if (isInUse && previousTool && isBrush(toolGroup.getActivePrimaryMouseButtonTool()))
        this.setTool(previousTool, toolGroup.id);
    }
    this.given.clear();
    this.active = "";
  }

  /** Has the brush paint on a segmentation in a viewport, once that shows it. */
  private paintOn(viewportId: string, segmentationId: string, segment: number): void {
    const { segmentationService } = this.ohif.servicesManager.services;
    const active = `${viewportId} ${segmentationId}`;
    if (this.active === active) return;
    if (segmentationService.getSegmentationRepresentations(viewportId, { segmentationId }).length === 0) return;
    // First: OHIF calls back while it does this.
    this.active = active;
    segmentationService.setActiveSegmentation(viewportId, segmentationId);
    segmentationService.setActiveSegment(segmentationId, segment);
  }

  private setTool(toolName: string, toolGroupId: string): void {
    this.ohif.commandsManager.runCommand("setToolActive", { toolName, toolGroupId });
  }
}

function isBrush(tool: string | undefined): boolean {
  return Object.values(BRUSHES).some(({ toolName }) => toolName === tool);
}
