// Drives a real Chromium through the panel in OHIF, and prints what it saw as one line of JSON.
//   node panel.mjs BASE TOKEN STUDY_UID FOLDER
import { join } from "node:path";
import { at, open, shown } from "./page.mjs";

const [base, token, study, folder] = process.argv.slice(2);
const { browser, page } = await open();
const errors = [];
page.on("pageerror", (error) => errors.push(String(error)));
page.on("console", (line) => line.type() === "error" && errors.push(line.text()));

const picture = (name) => page.screenshot({ path: join(folder, `${name}.png`) });
/** Voxels of each image of our labelmap, by SOP Instance UID. */
const voxels = () =>
  page.evaluate(() => {
    const { cornerstone, cornerstoneTools } = window;
    const ours = cornerstoneTools.segmentation.state
      .getSegmentations()
      .filter((one) => one.segmentationId.startsWith("cordline-") && !one.segmentationId.startsWith("cordline-heat"));
    const found = {};
    for (const { representationData } of ours)
      for (const id of representationData.Labelmap.imageIds) {
        const image = cornerstone.cache.getImage(id);
        const { SOPInstanceUID } = cornerstone.metaData.get("instance", image.referencedImageId);
        found[SOPInstanceUID] = image.voxelManager.getScalarData().reduce((sum, v) => sum + (v ? 1 : 0), 0);
      }
    return found;
  });
const saw = {};
try {
  await page.goto(`${base}/enter?token=${token}`);
  await page.goto(`${base}/cordline?StudyInstanceUIDs=${study}`);
  await page.waitForSelector(at("panel"));
  await shown(page);
  await page.click("text=Confirm and hide");
  await page.waitForSelector(`${at("run")}:enabled`);
  await picture("opened");
  const clicked = Date.now();
  await page.click(at("run"));
  await page.waitForFunction(() =>
    window.cornerstoneTools.segmentation.state
      .getSegmentations()
      .some(
        (one) =>
          one.segmentationId.startsWith("cordline-") &&
          one.representationData.Labelmap.imageIds.some((id) =>
            window.cornerstone.cache.getImage(id).voxelManager.getScalarData().some(Boolean),
          ),
      ),
  );
  saw.first_mask_ms = Date.now() - clicked;
  saw.while_it_works = { voxels: await voxels(), finished: await page.locator(at("finding")).isVisible() };
  await picture("while-it-works");
  await page.waitForSelector(at("finding"));
  saw.finding = await page.innerText(at("finding"));
  saw.panel = await page.innerText(at("panel"));
  await page.locator(`${at("lesions")} button`).first().click();
  await page.waitForTimeout(1000);
  saw.voxels = await voxels();
  await picture("finding");

  // The heat map of the first answer, over the images.
  const heat = page.locator('[data-testid^="cordline-heat-"]').first();
  await heat.click();
  await page.waitForTimeout(1500);
  saw.heat = await page.evaluate(() => {
    const { cornerstone, cornerstoneTools } = window;
    const map = cornerstoneTools.segmentation.state
      .getSegmentations()
      .find((one) => one.segmentationId.startsWith("cordline-heat-"));
    return map.representationData.Labelmap.imageIds.map((id) => Math.max(...cornerstone.cache.getImage(id).voxelManager.getScalarData()));
  });
  await picture("heat");
  await heat.click();

  // A page that is loaded anew: the panel is taken down, and what it knows is not.
  await page.reload();
  await page.waitForSelector(at("finding"));
  await shown(page);
  saw.after_reload = await page.innerText(at("finding"));
  await page.click(at("open")).catch(() => {});
  await page.waitForTimeout(3000);
  saw.voxels_after_reload = await voxels();
  await picture("after-reload");

  // The reader takes the lower half of the mask away, as the brush does, and has it classified again.
  await page.click(at("correct"));
  await page.evaluate(() => {
    const { cornerstone, cornerstoneTools } = window;
    const [ours] = cornerstoneTools.segmentation.state
      .getSegmentations()
      .filter((one) => one.segmentationId.startsWith("cordline-"));
    for (const id of ours.representationData.Labelmap.imageIds) {
      const image = cornerstone.cache.getImage(id);
      const data = image.voxelManager.getScalarData();
      const rows = [...data.keys()].filter((i) => data[i]).map((i) => Math.floor(i / image.columns));
      const middle = (Math.min(...rows) + Math.max(...rows)) / 2;
      for (let i = 0; i < data.length; i++) if (data[i] && Math.floor(i / image.columns) > middle) data[i] = 0;
      image.voxelManager.setScalarData?.(data);
    }
    cornerstoneTools.segmentation.triggerSegmentationEvents.triggerSegmentationDataModified(ours.segmentationId);
  });
  saw.corrected = await voxels();
  await page.click(at("classify"));
  await page.waitForSelector(at("first"));
  await page.waitForSelector(at("accept"));
  saw.first = await page.innerText(at("first"));
  await page.waitForTimeout(2000);
  saw.voxels_corrected = await voxels();
  await page.click(at("accept"));
  await page.waitForSelector(at("done"));
  saw.accepted = await page.innerText(at("done"));
  await page.click(at("keep"));
  await page.waitForFunction((one) => document.querySelector(one)?.innerText.includes("stored"), at("done"));
  saw.stored = await page.innerText(at("done"));
  await picture("corrected");
} finally {
  saw.errors = errors;
  console.log(JSON.stringify(saw));
  await browser.close();
}
