// The viewer's own brush, moved by a real mouse over the images.

/** Waits until the active viewport shows a section over which our labelmap has an image: a jump takes its time on a busy machine. */
const labelmapIsShown = (page) =>
  page.waitForFunction(() => {
    const { cornerstone, cornerstoneTools, services } = window;
    const viewport = services.cornerstoneViewportService.getCornerstoneViewport(
      services.viewportGridService.getState().activeViewportId,
    );
    const shown = viewport?.getCurrentImageId?.();
    return cornerstoneTools.segmentation.state
      .getSegmentations()
      .filter((one) => one.segmentationId.startsWith("cordline-") && !one.segmentationId.startsWith("cordline-heat"))
      .some((one) =>
        one.representationData.Labelmap?.imageIds?.some(
          (id) => cornerstone.cache.getImage(id)?.referencedImageId === shown,
        ),
      );
  });

/**
 * Where the voxels of our labelmap lie on the page, in CSS pixels: the box round those of a lesion on the section that is
 * shown now, and the section's SOP Instance UID.
 */
export const lesionOnPage = async (page, lesion) => {
  await labelmapIsShown(page);
  return page.evaluate((lesion) => {
    const { cornerstone, cornerstoneTools, services } = window;
    const viewport = services.cornerstoneViewportService.getCornerstoneViewport(
      services.viewportGridService.getState().activeViewportId,
    );
    const shown = viewport.getCurrentImageId();
    const ours = cornerstoneTools.segmentation.state
      .getSegmentations()
      .find((one) => one.segmentationId.startsWith("cordline-") && !one.segmentationId.startsWith("cordline-heat"));
    const image = ours.representationData.Labelmap.imageIds
      .map((id) => cornerstone.cache.getImage(id))
      .find((one) => one.referencedImageId === shown);
    const data = image.voxelManager.getScalarData();
    const plane = cornerstone.metaData.get("imagePlaneModule", shown);
    const along = (cosines, mm) => cosines.map((x) => x * mm);
    const box = viewport.canvas.getBoundingClientRect();
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < data.length; i++) {
      if (data[i] !== lesion) continue;
      const right_ = along([...plane.rowCosines], (i % image.columns) * plane.columnPixelSpacing);
      const down = along([...plane.columnCosines], Math.floor(i / image.columns) * plane.rowPixelSpacing);
      const world = plane.imagePositionPatient.map((x, k) => x + right_[k] + down[k]);
      const [x, y] = viewport.worldToCanvas(world);
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    }
    const { SOPInstanceUID } = cornerstone.metaData.get("instance", shown);
    return { sop: SOPInstanceUID, left: box.x + left, top: box.y + top, right: box.x + right, bottom: box.y + bottom };
  }, lesion);
};

/** Presses, moves along the points in small steps, and lets go. */
export async function stroke(page, points) {
  const [[x, y], ...rest] = points;
  await page.mouse.move(x, y, { steps: 3 });
  await page.mouse.down();
  for (const [toX, toY] of rest) await page.mouse.move(toX, toY, { steps: 12 });
  await page.mouse.up();
  await page.waitForTimeout(500);
}
