// Opens an analysed study, and looks at masks, heat map and "Go to" by the pixels of every layout; prints what it saw as JSON.
//   node layouts.mjs BASE TOKEN STUDY FOLDER
import { join } from "node:path";
import { keys } from "./keys.mjs";
import { at, main, visit } from "./page.mjs";
import { layout, views } from "./views.mjs";

const [base, token, study, folder] = process.argv.slice(2);
const heat = '[data-testid^="cordline-heat-"]';
await main(async (page, saw) => {
  const picture = (name) => page.screenshot({ path: join(folder, `${name}.png`) });
  /** Waits until the pixels are as wanted and stay so; what they are then, or at the end of patience. */
  const settled = async (is) => {
    let before;
    for (let tries = 0; ; tries++) {
      await page.waitForTimeout(700);
      const now = await views(page);
      const text = JSON.stringify(now);
      if ((is(now) && text === before) || tries === 90) return now;
      before = text;
    }
  };
  const plane = (one) => one.type !== "volume3d";
  const clean = (all) => all.filter(plane).every((one) => one.outside === 0);
  const drawn = (all) => clean(all) && all.filter(plane).every((one) => one.inside > 0);
  const warm = (all) => drawn(all) && all.filter(plane).every((one) => one.heat > 0);
  const says = () => page.innerText(at("not-drawn"));

  // Every pixel is drawn by the processor here.
  await page.setViewportSize({ width: 1000, height: 640 });
  await page.goto(`${base}/enter?token=${token}`);
  await visit(page, base, study);
  await page.waitForSelector(at("show-1"));
  // The analysed series hangs by itself, at the largest lesion.
  saw.opened = await settled(drawn);
  saw.study = await page.innerText(at("study"));
  await picture("opened");
  saw.keys = await keys(page);

  await page.locator(heat).first().click();
  saw.layouts = {};
  for (const name of ["stack", "MPR", "3D four up", "Axial Primary", "3D only"]) {
    if (name !== "stack") await layout(page, name);
    const is = name === "3D only" ? (all) => all.length === 1 && all[0].type === "volume3d" : (all) => all.length > (name === "stack" ? 0 : 1);
    await settled(is);
    await page.click(at("jump-1"));
    const first = await settled((all) => is(all) && warm(all));
    if (name === "MPR") await picture("mpr-heat");
    await page.click(at("jump-2"));
    const second = await settled((all) => is(all) && warm(all));
    await picture(`layout-${name.replaceAll(" ", "-")}`);
    const shown = (await page.locator(at("show-1")).count()) > 0 ? await page.innerText(at("show-1")) : undefined;
    const told = await says();
    await page.click(at("hide-all"));
    const hidden = await settled((all) => all.every((one) => one.inside + one.outside + one.heat === 0));
    await page.click(at("hide-all"));
    saw.layouts[name] = { first, second, told, shown, hidden };
  }

  // Dropped by the viewer behind our back: told, and put back.
  await layout(page, "MPR");
  await page.click(at("jump-1"));
  await settled((all) => all.length === 3 && warm(all));
  await page.evaluate(() => {
    const { services, cornerstoneTools } = window;
    const { state } = cornerstoneTools.segmentation;
    for (const id of services.viewportGridService.getState().viewports.keys())
      for (const { segmentationId } of state.getSegmentationRepresentations(id))
        cornerstoneTools.segmentation.removeSegmentationRepresentations(id, { segmentationId });
  });
  saw.put_back = await settled((all) => all.length === 3 && warm(all));

  // Two stacks side by side: the other series shows its nearest section.
  await page.click(heat + "[aria-pressed=true]");
  await page.evaluate(() => window.commandsManager.runCommand("setHangingProtocol", { protocolId: "default" }));
  await settled((all) => all.length === 1);
  await page.evaluate(() => window.commandsManager.runCommand("setViewportGridLayout", { numRows: 1, numCols: 2 }));
  await page.waitForTimeout(2000);
  await page.evaluate(() => {
    const { displaySetService, viewportGridService } = window.services;
    const of = (words) => displaySetService.getActiveDisplaySets().find((one) => one.SeriesDescription === words).displaySetInstanceUID;
    const [left, right] = viewportGridService.getState().viewports.keys();
    viewportGridService.setDisplaySetsForViewports([
      { viewportId: left, displaySetInstanceUIDs: [of("T2 TSE SAG")], viewportOptions: { viewportType: "stack" } },
      { viewportId: right, displaySetInstanceUIDs: [of("T2 TSE TRA")], viewportOptions: { viewportType: "stack" } },
    ]);
  });
  await settled((all) => all.length === 2 && all[1].series === "T2 TSE TRA");
  await page.waitForTimeout(2000);
  await page.click(at("jump-1"));
  saw.side_by_side = await settled((all) => all[0].inside > 0 && clean(all.slice(0, 1)));
  await picture("side-by-side");
});
