// A real Chromium, with what it needs to draw images where there is no screen, and what every test does in the viewer.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
];

const REJECTED = "rejected:";
/** What the viewer itself stumbles over it tells in a box of its own, for some seconds. */
const STUMBLED = "Something went wrong";

/** A browser with a profile of its own, its first page, the errors that pages tell, and the rejections that nothing handled. */
export async function open() {
  const profile = mkdtempSync(join(tmpdir(), "cordline-"));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    viewport: { width: 1400, height: 900 },
    args: FLAGS,
  });
  browser.on("close", () => {
    try {
      rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    } catch {
      // On a busy machine Chromium writes on for a while; a folder that stays among the temporary ones fails no test.
    }
  });
  const page = browser.pages()[0] ?? (await browser.newPage());
  page.setDefaultTimeout(60_000);
  // The viewer keeps rejections from the console, and shows a box that does not say where they come from.
  await page.addInitScript(
    (word) => window.addEventListener("unhandledrejection", ({ reason }) => console.error(`${word} ${reason?.stack ?? reason}`)),
    REJECTED,
  );
  await page.addInitScript((words) => {
    const watch = new MutationObserver((changes) => {
      const isBox = ({ textContent }) => textContent?.includes(words);
      if (changes.some(({ addedNodes }) => [...addedNodes].some(isBox))) console.error(`the viewer says: ${words}`);
    });
    watch.observe(document, { childList: true, subtree: true });
  }, STUMBLED);
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  const rejections = [];
  page.on("console", (line) => {
    if (line.type() === "error") (line.text().startsWith(REJECTED) ? rejections : errors).push(line.text());
  });
  return { browser, page, errors, rejections };
}

/** A part of the panel. */
export const at = (name) => `[data-testid=cordline-${name}]`;

/** Waits until the viewer has drawn an image. */
export const shown = (page) =>
  page.waitForFunction(() =>
    window.cornerstone
      ?.getRenderingEngines()
      .some((e) => e.getViewports().some((v) => v.getImageIds?.().length && v.viewportStatus === "rendered")),
  );

let greeted = false;

/** Shows a study in our mode, with the panel open and an image drawn. */
export async function visit(page, base, study) {
  await page.goto(`${base}/cordline?StudyInstanceUIDs=${study}`);
  await page.waitForSelector(at("panel"));
  await shown(page);
  if (greeted) return;
  greeted = true;
  // The viewer's own notice, in front of the images: once a browser.
  const confirm = page.getByText("Confirm and hide");
  await confirm.click();
  await confirm.waitFor({ state: "hidden" });
}

/**
 * The labelmap in the viewport whose id begins with `prefix`: for each image, by SOP Instance UID, its voxels (one byte each, row
 * by row) in base64; `undefined` where there is none.
 */
export const labelmap = (page, prefix = "cordline-") =>
  page.evaluate((prefix) => {
    const { cornerstone, cornerstoneTools, services } = window;
    const { state } = cornerstoneTools.segmentation;
    const found = state
      .getSegmentationRepresentations(services.viewportGridService.getState().activeViewportId)
      .map((one) => state.getSegmentation(one.segmentationId))
      .filter((one) => one.segmentationId.startsWith(prefix) && !one.segmentationId.startsWith("cordline-heat"));
    if (found.length > 1) throw new Error(`${found.length} labelmaps over each other`);
    if (found.length === 0) return undefined;
    const images = found[0].representationData.Labelmap.imageIds.map((id) => cornerstone.cache.getImage(id));
    return Object.fromEntries(
      images.map((image) => {
        const { SOPInstanceUID } = cornerstone.metaData.get("instance", image.referencedImageId);
        const bytes = Uint8Array.from(image.voxelManager.getScalarData());
        let text = "";
        for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
        return [SOPInstanceUID, btoa(text)];
      }),
    );
  }, prefix);

/** Waits for the labelmap that lies over the images before there is a mask. */
export const prepared = (page) =>
  page.waitForFunction(() => {
    const { cornerstoneTools, services } = window;
    return cornerstoneTools.segmentation.state
      .getSegmentationRepresentations(services.viewportGridService.getState().activeViewportId)
      .some((one) => one.segmentationId.startsWith("cordline-"));
  });

/** Waits for the first voxel of our labelmap in the viewport. */
export const firstMask = (page) =>
  page.waitForFunction(() => {
    const { cornerstone, cornerstoneTools, services } = window;
    const { state } = cornerstoneTools.segmentation;
    return state
      .getSegmentationRepresentations(services.viewportGridService.getState().activeViewportId)
      .filter((one) => one.segmentationId.startsWith("cordline-"))
      .flatMap((one) => state.getSegmentation(one.segmentationId).representationData.Labelmap.imageIds)
      .some((id) => cornerstone.cache.getImage(id).voxelManager.getScalarData().some(Boolean));
  });

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Has whoever started this program do something outside the browser; what they answer. */
export async function ask(what) {
  console.log(JSON.stringify({ ask: what }));
  const { value } = await lines.next();
  return value;
}

/** Runs a test: what it saw is the last line of the output, whatever happens; what broke it goes to the other stream. */
export async function main(test) {
  const { browser, page, errors, rejections } = await open();
  const saw = {};
  try {
    await test(page, saw);
  } catch (error) {
    process.exitCode = 1;
    console.error(error);
    console.error(await page.locator(at("panel")).innerText({ timeout: 1000 }).catch(() => "no panel"));
    const folder = process.argv.at(-1);
    await page.screenshot({ path: join(folder, "broken.png") }).catch(() => {});
  } finally {
    if (errors.some((error) => error.includes(STUMBLED))) errors.push(...rejections);
    // A pipe takes 64 KB at a time, and whoever exits does not wait for the rest.
    await new Promise((written) => process.stdout.write(`${JSON.stringify({ ...saw, errors })}\n`, written));
    await browser.close();
    process.exit();
  }
}
