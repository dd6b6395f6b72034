// Has a study analysed in OHIF, and prints where in the patient the viewer draws lesion: LPS, mm, a place for each voxel.
//   node agreement.mjs BASE TOKEN STUDY_UID FOLDER
import { at, main, visit } from "./page.mjs";

const [base, token, study] = process.argv.slice(2);
await main(async (page, saw) => {
  await page.goto(`${base}/enter?token=${token}`);
  await visit(page, base, study);
  await page.click(`${at("run")}:enabled`);
  await page.waitForSelector(at("finding"));
  await page.waitForTimeout(2000);
  // By the viewer's own idea of where its images lie, not by the files.
  saw.places = await page.evaluate(() => {
    const { cornerstone, cornerstoneTools } = window;
    const found = [];
    const ours = cornerstoneTools.segmentation.state
      .getSegmentations()
      .filter((one) => one.segmentationId.startsWith("cordline-") && !one.segmentationId.startsWith("cordline-heat"));
    for (const { representationData } of ours)
      for (const id of representationData.Labelmap.imageIds) {
        const image = cornerstone.cache.getImage(id);
        const plane = cornerstone.metaData.get("imagePlaneModule", image.referencedImageId);
        image.voxelManager.getScalarData().forEach((voxel, at) => {
          if (!voxel) return;
          const right = (at % image.columns) * plane.columnPixelSpacing;
          const down = Math.floor(at / image.columns) * plane.rowPixelSpacing;
          const place = (k) =>
            Number(plane.imagePositionPatient[k]) + plane.rowCosines[k] * right + plane.columnCosines[k] * down;
          found.push([place(0), place(1), place(2)]);
        });
      }
    return found;
  });
});
