/** OHIF's own brush and eraser, added to the tool group if the mode left them out. */

import { activeViewport, cornerstoneTools, type ExtensionParams } from "./ohifServices";

/** Tool names and strategies as in OHIF's segmentation mode. */
const BRUSHES = {
  brush: { toolName: "CircularBrush", activeStrategy: "FILL_INSIDE_CIRCLE" },
  eraser: { toolName: "CircularEraser", activeStrategy: "ERASE_INSIDE_CIRCLE" },
} as const;

export type BrushKind = keyof typeof BRUSHES;

export class Brush {
  /** The tool that was active before. */
  private previousTool: string | undefined;

  constructor(private readonly ohif: ExtensionParams) {}

  /** Activates the brush on a segment; `diameterMm`: its width. */
  activate(kind: BrushKind, diameterMm: number, segmentationId: string, segment: number): void {
    const { segmentationService, toolGroupService } = this.ohif.servicesManager.services;
    const active = activeViewport(this.ohif);
    const toolGroup = active && toolGroupService.getToolGroupForViewport(active.viewportId);
    if (!active || !toolGroup) return;
    for (const { toolName, activeStrategy } of Object.values(BRUSHES)) {
      if (toolGroup.hasTool(toolName)) continue;
      toolGroup.addToolInstance(toolName, "Brush", { activeStrategy });
      toolGroup.setToolPassive(toolName);
    }
    const current = toolGroup.getActivePrimaryMouseButtonTool();
    if (!Object.values(BRUSHES).some(({ toolName }) => toolName === current)) this.previousTool = current;
    segmentationService.setActiveSegmentation(active.viewportId, segmentationId);
    segmentationService.setActiveSegment(segmentationId, segment);
    this.setTool(BRUSHES[kind].toolName, toolGroup.id);
    // Cornerstone takes the radius.
    cornerstoneTools().utilities.segmentation.setBrushSizeForToolGroup(toolGroup.id, diameterMm / 2);
  }

  /** Activates the previous tool again. */
  deactivate(): void {
    const active = activeViewport(this.ohif);
    const { toolGroupService } = this.ohif.servicesManager.services;
    const toolGroup = active && toolGroupService.getToolGroupForViewport(active.viewportId);
    if (toolGroup && this.previousTool) this.setTool(this.previousTool, toolGroup.id);
    this.previousTool = undefined;
  }

  private setTool(toolName: string, toolGroupId: string): void {
    this.ohif.commandsManager.runCommand("setToolActive", { toolName, toolGroupId });
  }
}
