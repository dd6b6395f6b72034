// What the views of the viewer show, told by their pixels and cameras; and how their layout is changed.

/** Chooses a layout by its name, as a reader does. */
export async function layout(page, name) {
  await page.locator("[data-cy=Layout]").click();
  await page.getByText(name, { exact: true }).first().click();
}

/**
 * Of each view: its kind, the image or plane it shows, and its pixels. `red`: those of the masks' colour, within the box round the
 * lesion voxels that lie in the plane (`inside`) or not (`outside`; one voxel and the width of a line belong to the box);
 * `voxels`: how many lie in the plane; `heat`: those of the heat map's scale; `alien`: saturated ones of any other colour.
 */
export const views = (page) =>
  page.evaluate(() => {
    const { cornerstone, cornerstoneTools, services } = window;
    const places = [];
    // What lies ready over other images stays in the list for half a minute, and is in no view.
    const ours = cornerstoneTools.segmentation.state
      .getSegmentations()
      .filter(({ segmentationId }) => services.segmentationService.getViewportIdsWithSegmentation(segmentationId).length > 0)
      .find((one) => one.segmentationId.startsWith("cordline-") && !one.segmentationId.startsWith("cordline-heat"));
    for (const id of ours?.representationData.Labelmap.imageIds ?? []) {
      const image = cornerstone.cache.getImage(id);
      const plane = cornerstone.metaData.get("imagePlaneModule", image.referencedImageId);
      image.voxelManager.getScalarData().forEach((voxel, at) => {
        if (!voxel) return;
        const right = (at % image.columns) * plane.columnPixelSpacing;
        const down = Math.floor(at / image.columns) * plane.rowPixelSpacing;
        const of = (k) => Number(plane.imagePositionPatient[k]) + plane.rowCosines[k] * right + plane.columnCosines[k] * down;
        places.push([of(0), of(1), of(2)]);
      });
    }
    const found = [];
    for (const [id, { displaySetInstanceUIDs }] of services.viewportGridService.getState().viewports) {
      const viewport = services.cornerstoneViewportService.getCornerstoneViewport(id);
      // One that has no images yet shows nothing, and has no place.
      if (!viewport || ["noData", "loading"].includes(viewport.viewportStatus) || viewport.canvas.width * viewport.canvas.height === 0) continue;
      const { focalPoint, viewPlaneNormal } = viewport.getCamera();
      const away = (place) => viewPlaneNormal.reduce((sum, n, k) => sum + n * (place[k] - focalPoint[k]), 0);
      // Half the distance of two sections across the plane, and half a pixel along it.
      const near = Math.abs(viewPlaneNormal[0]) > 0.7 ? 1.5 : 0.6;
      const inPlane = places.filter((place) => Math.abs(away(place)) <= near).map((place) => viewport.worldToCanvas(place));
      const bounds = (axis) => [Math.min(...inPlane.map((p) => p[axis])), Math.max(...inPlane.map((p) => p[axis]))];
      const [left, right] = bounds(0);
      const [top, bottom] = bounds(1);
      const zero = viewport.worldToCanvas([0, 0, 0]);
      const px = Math.max(...[[3, 0, 0], [0, 1.1, 0], [0, 0, 0.9]].map((v) => Math.hypot(...viewport.worldToCanvas(v).map((x, k) => x - zero[k])))) + 3;
      const { canvas } = viewport;
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const seen = { inside: 0, outside: 0, heat: 0, alien: 0 };
      for (let at = 0; at < data.length; at += 4) {
        const [r, g, b] = [data[at], data[at + 1], data[at + 2]];
        if (Math.max(r, g, b) - Math.min(r, g, b) < 40) continue;
        const [x, y] = [(at / 4) % canvas.width, Math.floor(at / 4 / canvas.width)];
        // Hardly more green than blue: a red of the heat's scale over bright tissue has. More blue it may have, under the heat.
        if (r > 150 && g < 0.5 * r && b < 0.5 * r && g - b < 10 && b - g < 30) {
          const isIn = x >= left - px && x <= right + px && y >= top - px && y <= bottom + px;
          seen[isIn ? "inside" : "outside"] += 1;
        } else if (r > g && r >= b) seen.heat += 1;
        else seen.alien += 1;
      }
      const set = services.displaySetService.getDisplaySetByUID(displaySetInstanceUIDs[0]);
      found.push({
        type: viewport.type,
        series: set?.SeriesDescription,
        sop: viewport.type === "stack" ? cornerstone.metaData.get("instance", viewport.getCurrentImageId()).SOPInstanceUID : undefined,
        normal: viewPlaneNormal.map((n) => Math.round(n * 1000) / 1000),
        focal: focalPoint.map((x) => Math.round(x * 100) / 100),
        voxels: inPlane.length,
        ...seen,
      });
    }
    return found;
  });

/** How far a place lies from the plane of a view, in mm. */
export const away = ({ normal, focal }, place) => Math.abs(normal.reduce((sum, n, k) => sum + n * (place[k] - focal[k]), 0));

/** Half the distance of two planes through the sagittal volume, along the view's own normal, and a little. */
export const halfStep = ({ normal }) => (Math.abs(normal[0]) > 0.7 ? 1.6 : 0.6);

/** The tool of the left mouse button in the active view; waits for a while until it is `wanted`. */
export async function tool(page, wanted) {
  const read = () => {
    const { toolGroupService, viewportGridService } = window.services;
    const { activeViewportId } = viewportGridService.getState();
    return toolGroupService.getToolGroupForViewport(activeViewportId)?.getActivePrimaryMouseButtonTool();
  };
  if (wanted) {
    const is = `(${read})() === ${JSON.stringify(wanted)}`;
    await page.waitForFunction(is, undefined, { timeout: 15_000 }).catch(() => {});
  }
  return page.evaluate(read);
}

/** All of the viewer that a key might change: cameras, presentation, sections, tool, layout, cine. */
export const standing = (page) =>
  page.evaluate(() => {
    const { services } = window;
    const { viewports, layout, activeViewportId } = services.viewportGridService.getState();
    const round = (of) => JSON.stringify(of, (_, x) => (typeof x === "number" ? Math.round(x * 1000) / 1000 : x));
    const each = [...viewports.keys()].map((id) => {
      const viewport = services.cornerstoneViewportService.getCornerstoneViewport(id);
      const { voiRange, invert, rotation } = viewport.getProperties();
      const tool = services.toolGroupService.getToolGroupForViewport(id)?.getActivePrimaryMouseButtonTool();
      return [id, viewport.type, viewport.getCamera(), voiRange, invert, rotation, viewport.getCurrentImageIdIndex?.(), tool];
    });
    const { isCineEnabled } = services.cineService.getState();
    return round([each, layout, activeViewportId, isCineEnabled, services.hangingProtocolService.getState()]);
  });
