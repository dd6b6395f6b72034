/** The host's own brush and eraser in the reader's hand, laid beside the other tools where the mode left them out. */

import { active, type Host, tools } from "./host";

/** Names and strategies as the host's own segmentation mode has them. */
const KINDS = {
  brush: { toolName: "CircularBrush", activeStrategy: "FILL_INSIDE_CIRCLE" },
  eraser: { toolName: "CircularEraser", activeStrategy: "ERASE_INSIDE_CIRCLE" },
} as const;

export type Kind = keyof typeof KINDS;

export class Brush {
  /** The tool that was in the reader's hand before. */
  private before: string | undefined;

  constructor(private readonly host: Host) {}

  /** Takes it up for a segmentation; `mm`: how wide it is. What it paints belongs to the segment. */
  take(kind: Kind, mm: number, segmentationId: string, segment: number): void {
    const { segmentationService, toolGroupService } = this.host.servicesManager.services;
    const now = active(this.host);
    const group = now && toolGroupService.getToolGroupForViewport(now.viewportId);
    if (!now || !group) return;
    for (const { toolName, activeStrategy } of Object.values(KINDS)) {
      if (group.hasTool(toolName)) continue;
      group.addToolInstance(toolName, "Brush", { activeStrategy });
      group.setToolPassive(toolName);
    }
    const held = group.getActivePrimaryMouseButtonTool();
    if (!Object.values(KINDS).some(({ toolName }) => toolName === held)) this.before = held;
    segmentationService.setActiveSegmentation(now.viewportId, segmentationId);
    segmentationService.setActiveSegment(segmentationId, segment);
    this.hold(KINDS[kind].toolName, group.id);
    // The host takes the radius.
    tools().utilities.segmentation.setBrushSizeForToolGroup(group.id, mm / 2);
  }

  /** Puts it down, and takes up what was in hand before. */
  putDown(): void {
    const now = active(this.host);
    const group = now && this.host.servicesManager.services.toolGroupService.getToolGroupForViewport(now.viewportId);
    if (group && this.before) this.hold(this.before, group.id);
    this.before = undefined;
  }

  private hold(toolName: string, toolGroupId: string): void {
    this.host.commandsManager.runCommand("setToolActive", { toolName, toolGroupId });
  }
}
