// A reader corrects a mask, and goes elsewhere in the middle of it: into another layout, to the list of studies and back. Prints
// what it saw as JSON.
//   node correction.mjs BASE TOKEN STUDY_UID FOLDER
import { join } from "node:path";
import { lesionOnPage, stroke } from "./brush.mjs";
import { at, firstMask, labelmap, main, visit } from "./page.mjs";
import { layout, tool } from "./views.mjs";

const [base, token, study, folder] = process.argv.slice(2);
await main(async (page, saw) => {
  const picture = (name) => page.screenshot({ path: join(folder, `correction-${name}.png`) });
  await page.setViewportSize({ width: 1280, height: 720 });
  await page.goto(`${base}/enter?token=${token}`);
  await visit(page, base, study);
  await page.waitForSelector(at("show-1"));
  await firstMask(page);
  await page.click(at("jump-1"));
  // What lay ready over the series that the viewer opened first stays in its list for a while.
  await page.waitForFunction(() => {
    const all = window.cornerstoneTools.segmentation.state.getSegmentations();
    return all.filter((one) => one.segmentationId.startsWith("cordline-")).length === 1;
  });
  saw.tools = [await tool(page)];
  await page.click(at("correct"));
  await page.click(at("eraser"));
  saw.tools.push(await tool(page, "CircularEraser"));
  const box = await lesionOnPage(page, 1);
  const middle = (box.left + box.right) / 2;
  saw.before = await labelmap(page);
  await stroke(page, [
    [middle, (box.top + box.bottom) / 2],
    [middle, box.bottom + 5],
  ]);
  saw.painted = await labelmap(page);
  saw.blocked = await page.locator(at("run")).getAttribute("title");
  await picture("begun");

  // Another layout has tools of its own: the eraser goes along.
  await layout(page, "MPR");
  await page.waitForFunction(() => window.services.viewportGridService.getState().viewports.size > 1);
  saw.tools.push(await tool(page, "CircularEraser"));
  await picture("mpr");
  // The viewer removes all labelmaps when its mode is left.
  const go = (to) => page.evaluate((to) => window.commandsManager.runCommand("navigateHistory", { to }), to);
  await go("/");
  await page.waitForSelector(at("panel"), { state: "detached" });
  await page.waitForFunction(() => window.cornerstoneTools.segmentation.state.getSegmentations().length === 0);
  await go(`/cordline?StudyInstanceUIDs=${study}`);
  await page.waitForSelector(at("classify"));
  await page.click(at("open"), { timeout: 3000 }).catch(() => {});
  await firstMask(page);
  saw.came_back = await labelmap(page);
  saw.locks = [await page.innerText(at("lock-1")), await page.innerText(at("lock-2"))];
  saw.tools.push(await tool(page, "CircularBrush"));
  await page.click(at("jump-1"));
  await page.waitForTimeout(1500);
  await picture("came-back");
  await page.click(at("classify"));
  await page.waitForSelector(at("first"));
  await page.waitForSelector(at("accept"));
  saw.tools.push(await tool(page, saw.tools[0]));
  await picture("classified");
});
