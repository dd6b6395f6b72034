// Times the way from the click on "Find lesions" to the first mask in the viewport; prints it as JSON, in milliseconds.
//   node first-mask.mjs BASE TOKEN STUDY_UID FOLDER
// Everything is there already: page, connection, and the series with most images in the viewport, as a reader has it.
// `click_to_mask_ms` ends once a pixel of lesion can be read from the viewport's canvas; `box_ms` is the box's own time from taking the
// job to its first section with lesion, `section_ms` the median of one section; `submit_ms` is what the gateway takes to fetch
// the study from the archive and hand it to the box.
import { at, main, visit } from "./page.mjs";

const [base, token, study] = process.argv.slice(2);
await main(async (page, saw) => {
  // Every pixel is drawn by the processor here: in a large window that takes longer than all that is timed.
  await page.setViewportSize({ width: 1000, height: 700 });
  await page.goto(`${base}/enter?token=${token}`);
  await visit(page, base, study);
  await page.waitForSelector(`${at("run")}:enabled`);
  await page.evaluate(() => {
    const { displaySetService, viewportGridService } = window.services;
    const [most] = displaySetService.getActiveDisplaySets().sort((a, b) => b.numImageFrames - a.numImageFrames);
    const viewportId = viewportGridService.getState().activeViewportId;
    const displaySetInstanceUIDs = [most.displaySetInstanceUID];
    viewportGridService.setDisplaySetsForViewports([{ viewportId, displaySetInstanceUIDs }]);
  });
  // The viewer fetches its images.
  await page.waitForTimeout(3000);
  const timed = page.evaluate(
    (run) =>
      new Promise((resolve) => {
        const { cornerstone, cornerstoneTools, services } = window;
        const button = document.querySelector(run);
        let clicked;
        button.addEventListener("click", () => (clicked = performance.now()), { once: true, capture: true });
        /** True once the section that is shown has voxels of lesion. */
        const lies = () => {
          const viewport = services.cornerstoneViewportService.getCornerstoneViewport(
            services.viewportGridService.getState().activeViewportId,
          );
          const shown = viewport?.getCurrentImageId?.();
          return cornerstoneTools.segmentation.state
            .getSegmentations()
            .filter((one) => one.segmentationId.startsWith("cordline-"))
            .flatMap((one) => one.representationData.Labelmap.imageIds.map((id) => cornerstone.cache.getImage(id)))
            .some((image) => image.referencedImageId === shown && image.voxelManager.getScalarData().some(Boolean));
        };
        /** True once a pixel of the viewport's canvas is red; to read it waits for whoever draws. */
        const isRed = () => {
          const canvas = document.querySelector(".cornerstone-canvas");
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          for (let i = 0; i < data.length; i += 4) if (data[i] > data[i + 1] + 40) return true;
          return false;
        };
        const drawn = () => {
          if (clicked === undefined || !lies() || !isRed()) return;
          document.removeEventListener("CORNERSTONE_IMAGE_RENDERED", drawn, true);
          resolve(performance.now() - clicked);
        };
        document.addEventListener("CORNERSTONE_IMAGE_RENDERED", drawn, true);
      }),
    at("run"),
  );
  await page.click(at("run"));
  saw.click_to_mask_ms = Math.round(await timed);
  await page.waitForSelector(at("finding"));
  const job = await page.evaluate((uid) => JSON.parse(sessionStorage.getItem(`cordline study ${uid}`)).job, study);
  const told = await page.evaluate(async (job) => {
    const text = await (await fetch(`/api/v1/jobs/${job}/events`)).text();
    const lines = text.split("\n").filter((line) => line.startsWith("data:"));
    return lines.map((line) => JSON.parse(line.slice(5)));
  }, job);
  const times = told.filter((one) => one.event === "section" && !one.body.final).map((one) => one.at_ms);
  const pauses = times.slice(1).map((ms, i) => ms - times[i]);
  const lesions = told.find((one) => one.event === "lesions")?.body.lesions ?? [];
  const withLesion = new Set(lesions.flatMap((lesion) => lesion.sections));
  const first = told.find((one) => one.event === "section" && withLesion.has(one.body.section));
  saw.submit_ms = await page.evaluate(() => {
    const asked = performance.getEntriesByType("resource").filter((one) => one.name.endsWith("/api/v1/analyses"));
    return Math.round(asked.at(-1).duration);
  });
  saw.section_ms = pauses.sort((a, b) => a - b)[Math.floor(pauses.length / 2)];
  saw.box_ms = first.at_ms - told[0].at_ms;
  saw.sections = times.length;
  saw.provider = told.find((one) => one.event === "grid").body.provider;
});
