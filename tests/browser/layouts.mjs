// Opens an analysed study, and looks at masks, heat map and "Go to" by the pixels of every layout; prints what it saw as JSON.
//   node layouts.mjs BASE TOKEN STUDY CENTRES FOLDER      CENTRES: of the two lesions, LPS mm, as JSON
import { join } from "node:path";
import { keys } from "./keys.mjs";
import { at, main, visit } from "./page.mjs";
import { away, halfStep, layout, views } from "./views.mjs";

const [base, token, study, centres, folder] = process.argv.slice(2);
const [upper, lower] = JSON.parse(centres);
const heat = '[data-testid^="cordline-heat-"]';
/** How many views each layout has. */
const LAYOUTS = { stack: 1, MPR: 3, "3D four up": 4, "Axial Primary": 3, "3D only": 1 };
/** Longer than the panel takes to look at the viewer again: what it would undo is undone by then. */
const STEADY_MS = 900;
const POLL_MS = 250;
const PATIENCE_MS = 75_000;
await main(async (page, saw) => {
  const picture = (name) => page.screenshot({ path: join(folder, `${name}.png`) });
  /** Waits until cameras and pixels are as wanted and stay so; what they are then, or at the end of patience. */
  const settled = async (is) => {
    const begun = performance.now();
    let [before, since] = ["", 0];
    for (;;) {
      const now = await views(page);
      const text = JSON.stringify(now);
      const time = performance.now();
      if (text !== before) [before, since] = [text, time];
      if ((is(now) && time - since >= STEADY_MS) || time - begun > PATIENCE_MS) return now;
      await page.waitForTimeout(POLL_MS);
    }
  };
  const plane = (one) => one.type !== "volume3d";
  const clean = (all) => all.filter(plane).every((one) => one.outside === 0);
  const drawn = (all) => clean(all) && all.filter(plane).every((one) => one.inside > 0);
  const warm = (all) => drawn(all) && all.filter(plane).every((one) => one.heat > 0);
  /** Every plane lies at a lesion, with mask and heat, and there are as many views as the layout has. */
  const found = (name, lesion) => (all) =>
    all.length === LAYOUTS[name] && warm(all) && all.filter(plane).every((one) => away(one, lesion) <= halfStep(one));
  /** Waits until the panel has seen which views there are. */
  const spoken = (all) =>
    page
      .waitForFunction(
        ([show, told, hasPlanes, hasBody]) =>
          hasPlanes === (document.querySelector(show)?.innerText === "Shown") && hasBody === (document.querySelector(told).innerText !== ""),
        [at("show-1"), at("not-drawn"), all.some(plane), !all.every(plane)],
        { timeout: 15_000 },
      )
      .catch(() => {});
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
  for (const name of Object.keys(LAYOUTS)) {
    if (name !== "stack") await layout(page, name);
    // At once, as a reader does: the viewer has yet to build its views.
    await page.click(at("jump-1"));
    const first = await settled(found(name, upper));
    if (name === "MPR") await picture("mpr-heat");
    await page.click(at("jump-2"));
    const second = await settled(found(name, lower));
    await picture(`layout-${name.replaceAll(" ", "-")}`);
    await spoken(second);
    const shown = (await page.locator(at("show-1")).count()) > 0 ? await page.innerText(at("show-1")) : undefined;
    const told = await says();
    await page.click(at("hide-all"));
    const hidden = await settled((all) => all.length === LAYOUTS[name] && all.every((one) => one.inside + one.outside + one.heat === 0));
    await page.click(at("hide-all"));
    saw.layouts[name] = { first, second, told, shown, hidden };
  }

  // Dropped by the viewer behind our back: told, and put back.
  await layout(page, "MPR");
  await page.click(at("jump-1"));
  await settled(found("MPR", upper));
  await page.evaluate(() => {
    const { services, cornerstoneTools } = window;
    const { state } = cornerstoneTools.segmentation;
    for (const id of services.viewportGridService.getState().viewports.keys())
      for (const { segmentationId } of state.getSegmentationRepresentations(id))
        cornerstoneTools.segmentation.removeSegmentationRepresentations(id, { segmentationId });
  });
  saw.put_back = await settled(found("MPR", upper));

  // Two stacks side by side: the other series shows its nearest section.
  await page.click(heat + "[aria-pressed=true]");
  await page.evaluate(() => window.commandsManager.runCommand("setHangingProtocol", { protocolId: "default" }));
  await settled((all) => all.length === 1);
  await page.evaluate(() => window.commandsManager.runCommand("setViewportGridLayout", { numRows: 1, numCols: 2 }));
  await page.waitForFunction(() => {
    const { viewportGridService, cornerstoneViewportService } = window.services;
    const [left, right] = viewportGridService.getState().viewports.keys();
    return right && cornerstoneViewportService.getCornerstoneViewport(left)?.viewportStatus === "rendered";
  });
  await page.evaluate(() => {
    const { displaySetService, viewportGridService } = window.services;
    const of = (words) => displaySetService.getActiveDisplaySets().find((one) => one.SeriesDescription === words).displaySetInstanceUID;
    const [left, right] = viewportGridService.getState().viewports.keys();
    viewportGridService.setDisplaySetsForViewports([
      { viewportId: left, displaySetInstanceUIDs: [of("T2 TSE SAG")], viewportOptions: { viewportType: "stack" } },
      { viewportId: right, displaySetInstanceUIDs: [of("T2 TSE TRA")], viewportOptions: { viewportType: "stack" } },
    ]);
  });
  await page.click(at("jump-1"));
  saw.side_by_side = await settled(
    ([left, right]) =>
      left?.inside > 0 &&
      clean([left]) &&
      right?.series === "T2 TSE TRA" &&
      away(left, upper) <= halfStep(left) &&
      away(right, upper) <= 3.1,
  );
  await picture("side-by-side");
});
