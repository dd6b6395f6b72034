// Opens studies that were analysed when they arrived: the finding, each lesion, our objects as the viewer itself reads them,
// keyboard and contrast, and results that are of other images; prints what it saw as JSON.
//   node arrival.mjs BASE TOKEN STUDY FORGED CHANGED UNDECIDED FOLDER
// FORGED: a study that names the job of another; CHANGED: one whose pixels are others now; UNDECIDED: one that wants a choice.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { broken, tabbed } from "./access.mjs";
import { at, labelmap, main, visit } from "./page.mjs";

const [base, token, study, forged, changed, undecided, folder] = process.argv.slice(2);
await main(async (page, saw) => {
  const picture = (name) => page.screenshot({ path: join(folder, `${name}.png`) });
  const wanted = [];
  page.on("request", (request) => request.method() === "POST" && wanted.push(request.url()));
  await page.goto(`${base}/enter?token=${token}`);
  await visit(page, base, study);
  await page.waitForSelector(at("finding"));
  saw.finding = await page.innerText(at("finding"));
  await page.waitForSelector(at("show-2"));
  saw.voxels = await labelmap(page);
  await page.click(at("jump-2"));
  await page.waitForTimeout(1000);
  await picture("arrival");

  // Hidden and locked as the viewer itself has it.
  const host = (lesion) =>
    page.evaluate((lesion) => {
      const { services, cornerstoneTools } = window;
      const viewportId = services.viewportGridService.getState().activeViewportId;
      const { segmentation } = cornerstoneTools;
      const { segmentationId } = segmentation.state.getSegmentations().find((s) => s.segmentationId.startsWith("cordline-"));
      const of = { segmentationId, type: "Labelmap" };
      return {
        visible: segmentation.config.visibility.getSegmentIndexVisibility(viewportId, of, lesion),
        locked: segmentation.segmentLocking.isSegmentIndexLocked(segmentationId, lesion),
      };
    }, lesion);
  saw.lesions = [await host(1), await host(2)];
  await page.click(at("show-2"));
  await page.click(at("lock-1"));
  await page.waitForTimeout(500);
  saw.lesions_then = [await host(1), await host(2)];
  saw.lesion_words = [await page.innerText(at("show-2")), await page.innerText(at("lock-1"))];
  await picture("hidden");
  await page.click(at("show-2"));
  await page.click(at("lock-1"));

  saw.access = { ...(await broken(page)), ...(await tabbed(page)) };
  await picture("focus");
  // A key does what the mouse does.
  await page.locator('[data-testid^="cordline-heat-"]').first().focus();
  await page.keyboard.press("Space");
  await page.waitForSelector("input[type=range]");
  saw.access_with_heat = await broken(page);
  await page.keyboard.press("Space");

  saw.news = await page.locator("[data-sonner-toast]").count();
  saw.wanted = wanted.filter((url) => url.includes("/api/"));

  // Our SEG, as the viewer loads it itself: what a double click on its thumbnail does.
  const put = (modality) =>
    page.evaluate((modality) => {
      const { displaySetService, viewportGridService } = window.services;
      const found = displaySetService
        .getActiveDisplaySets()
        .filter((one) => one.Modality === modality && one.SeriesDescription.startsWith("Research use only"))
        .sort((a, b) => a.SeriesNumber - b.SeriesNumber);
      if (found.length === 0) return undefined;
      const viewportId = viewportGridService.getState().activeViewportId;
      const displaySetInstanceUIDs = [found[0].displaySetInstanceUID];
      viewportGridService.setDisplaySetsForViewports([{ viewportId, displaySetInstanceUIDs }]);
      return found[0].displaySetInstanceUID;
    }, modality);
  await page.waitForFunction(() => window.services.displaySetService.getActiveDisplaySets().some((d) => d.Modality === "SEG"));
  const segmentation = await put("SEG");
  await page.waitForFunction(
    (id) => window.cornerstoneTools.segmentation.state.getSegmentation(id)?.representationData.Labelmap?.imageIds?.length,
    segmentation,
  );
  saw.seg = await labelmap(page, segmentation);
  await page.waitForTimeout(2000);
  await picture("seg-by-the-viewer");

  // Our heat map, as the viewer loads it itself.
  const map = await put("PMAP");
  await page.waitForFunction(
    (id) => window.cornerstone.cache.getVolume(id)?.loadStatus?.loaded,
    map,
  );
  const pmap = await page.evaluate((id) => {
    const { cornerstone } = window;
    const volume = cornerstone.cache.getVolume(id);
    const values = volume.voxelManager.getCompleteScalarDataArray();
    const sops = cornerstone.cache
      .getVolume(volume.referencedVolumeId)
      .imageIds.map((one) => cornerstone.metaData.get("instance", one).SOPInstanceUID);
    return { sops, values: [...values] };
  }, map);
  writeFileSync(join(folder, "pmap.json"), JSON.stringify(pmap));
  await page.waitForTimeout(2000);
  await picture("heat-map-by-the-viewer");

  // A note in the archive that names a job of another study, and images that were changed after they were analysed.
  for (const [name, uid] of [
    ["forged", forged],
    ["changed", changed],
  ]) {
    await visit(page, base, uid);
    await page.waitForSelector(at("refused"));
    await page.waitForTimeout(1500);
    saw[name] = {
      said: await page.innerText(at("refused")),
      notified: await page.getByText(await page.innerText(at("refused"))).count(),
      told: await page.getByText(/Tumour|Lesion \d/).count(),
      masks: (await labelmap(page)) ?? null,
    };
    await picture(name);
  }

  // Two series fit: the reader chooses one, and it is analysed.
  await visit(page, base, undecided);
  await page.waitForSelector(at("candidates"));
  saw.undecided = await page.innerText(at("panel"));
  await picture("needs-selection");
  saw.offered = await page.locator(`${at("candidates")} button`).allInnerTexts();
  await page.locator(`${at("candidates")} button[aria-label^="Analyse"]`).first().click();
  await page.waitForSelector(at("finding"));
  saw.chosen = await page.innerText(at("panel"));
});
