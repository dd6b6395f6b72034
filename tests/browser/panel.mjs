// From the click to the masks, through a reload, a correction with the viewer's own brush, and into the archive; prints what it
// saw as JSON.
//   node panel.mjs BASE TOKEN STUDY_UID FOLDER
import { join } from "node:path";
import { lesionOnPage, stroke } from "./brush.mjs";
import { at, firstMask, labelmap, main, prepared, visit } from "./page.mjs";

const [base, token, study, folder] = process.argv.slice(2);
await main(async (page, saw) => {
  const picture = (name) => page.screenshot({ path: join(folder, `${name}.png`) });
  await page.goto(`${base}/enter?token=${token}`);
  await visit(page, base, study);
  await page.waitForSelector(`${at("run")}:enabled`);
  await prepared(page);
  saw.prepared = await labelmap(page);
  await picture("opened");
  await page.click(at("run"));
  await firstMask(page);
  saw.while_it_works = { voxels: await labelmap(page), finished: await page.locator(at("finding")).isVisible() };
  await picture("while-it-works");
  await page.waitForSelector(at("finding"));
  saw.finding = await page.innerText(at("finding"));
  await page.click(`${at("others")} summary`);
  saw.panel = await page.innerText(at("panel"));
  await page.click(at("jump-1"));
  await page.waitForTimeout(1000);
  saw.voxels = await labelmap(page);
  saw.laid = await page.evaluate(() => {
    const { segmentationService } = window.services;
    const ids = window.cornerstoneTools.segmentation.state.getSegmentations().map((one) => one.segmentationId);
    return ids.filter((id) => id.startsWith("cordline-") && segmentationService.getViewportIdsWithSegmentation(id).length > 0);
  });
  await picture("finding");
  // What lay ready over the series that the viewer opened first stays in its list for a while.
  await page.waitForFunction(() => {
    const all = window.cornerstoneTools.segmentation.state.getSegmentations();
    return all.filter((one) => one.segmentationId.startsWith("cordline-")).length === 1;
  });

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

  // A page that is loaded anew, and another tab and back: the panel is taken down, and what it knows is not.
  await page.reload();
  await page.waitForSelector(at("finding"));
  saw.after_reload = await page.innerText(at("finding"));
  await page.click(at("open"), { timeout: 3000 }).catch(() => {});
  await page.waitForSelector(at("show-1"));
  saw.heat_after_reload = await heat.getAttribute("aria-pressed");
  await page.locator('[data-cy="panelSegmentation-btn"], [data-cy*="egmentation-btn"]').first().click();
  await page.waitForSelector(at("panel"), { state: "detached" });
  await page.locator('[data-cy*="findings-btn"]').first().click();
  await page.waitForSelector(at("show-1"));
  saw.after_tab = await page.innerText(at("finding"));
  await heat.click();
  saw.voxels_after_reload = await labelmap(page);
  await page.click(at("jump-1"));
  await page.waitForTimeout(1000);
  await picture("after-reload");

  // Before the reader says so, the brush finds the lesion locked; then it erases the lower half of what is shown.
  await page.click(at("correct"));
  await page.click(at("eraser"));
  const box = await lesionOnPage(page, 1);
  saw.section = box.sop;
  const middle = (box.left + box.right) / 2;
  const down = [
    [middle, (box.top + box.bottom) / 2],
    [middle, box.bottom + 5],
  ];
  await page.click(at("lock-1"));
  await stroke(page, down);
  saw.voxels_locked = await labelmap(page);
  await page.click(at("lock-1"));
  await stroke(page, down);
  saw.voxels_erased = await labelmap(page);
  await picture("correcting");
  // Given up: the mask is the box's again. Then once more, and in earnest.
  await page.click(at("give-up"));
  saw.voxels_given_up = await labelmap(page);
  await page.click(at("correct"));
  await page.click(at("eraser"));
  await stroke(page, down);
  saw.corrected = await labelmap(page);
  await page.click(at("classify"));
  await page.waitForSelector(at("first"));
  await page.waitForSelector(at("accept"));
  saw.first = await page.innerText(at("first"));
  await page.waitForSelector(at("show-1"));
  await page.waitForTimeout(1500);
  saw.voxels_corrected = await labelmap(page);
  await page.click(at("accept"));
  await page.waitForSelector(at("verdict"));
  saw.accepted = await page.innerText(at("verdict"));
  await page.click(at("keep"));
  await page.waitForFunction((one) => document.querySelector(one)?.innerText.includes("stored"), at("done"));
  saw.stored = await page.innerText(at("done"));
  await picture("corrected");
});
