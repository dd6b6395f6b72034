// Cancels, loses the gateway and comes back, and meets a gateway that does not know the browser; prints what it saw as JSON.
//   node trouble.mjs BASE TOKEN STUDY_UID FOLDER
// Asks for: `away` (end the gateway), `back` (the same gateway again), `stranger` (a gateway with other tokens; its token).
import { join } from "node:path";
import { ask, at, firstMask, labelmap, main, visit } from "./page.mjs";

const [base, token, study, folder] = process.argv.slice(2);
await main(async (page, saw) => {
  const picture = (name) => page.screenshot({ path: join(folder, `${name}.png`) });
  // Without a token: the page says what to do.
  await page.goto(`${base}/cordline?StudyInstanceUIDs=${study}`);
  await page.waitForSelector(at("no-token"));
  saw.no_token = await page.innerText(at("no-token"));
  await picture("no-token");

  await page.goto(`${base}/enter?token=${token}`);
  await visit(page, base, study);
  await page.click(`${at("run")}:enabled`);
  await firstMask(page);
  saw.progress = await page.locator("[role=progressbar]").evaluate((bar) => ({
    label: bar.ariaLabel,
    text: bar.ariaValueText,
    now: Number(bar.ariaValueNow),
    fill: getComputedStyle(bar.firstElementChild).backgroundColor,
  }));
  await page.click(at("cancel"));
  await page.waitForSelector(at("outcome"));
  saw.cancelled = await page.innerText(at("outcome"));
  saw.after_cancel = { masks: (await labelmap(page)) ?? null, run: await page.innerText(at("run")) };
  await picture("cancelled");

  // Again; and in the middle of it the gateway goes away, and comes back when the box has long finished.
  await page.click(at("run"));
  await firstMask(page);
  await ask("away");
  await page.waitForFunction((device) => document.querySelector(device).innerText.includes("No connection"), at("device"));
  saw.lost = await page.innerText(at("device"));
  saw.while_lost = await page.locator(at("finding")).isVisible();
  await picture("lost");
  await ask("back");
  await page.waitForSelector(at("finding"));
  saw.finding = await page.innerText(at("finding"));
  saw.voxels = await labelmap(page);
  saw.device = await page.innerText(at("device"));

  // The token is not known any more: said, and mended without loading the page anew.
  const other = await ask("stranger");
  await page.waitForSelector(at("retry"));
  saw.unknown_token = await page.innerText(at("device"));
  await picture("unknown-token");
  await page.evaluate((token) => fetch(`/enter?token=${token}`), other);
  // The panel tries again by itself too, and may have been quicker.
  await page.evaluate((button) => document.querySelector(button)?.click(), at("retry"));
  await page.waitForSelector(at("retry"), { state: "detached" });
  await page.waitForFunction((device) => document.querySelector(device).innerText.includes("CPU"), at("device"));
  saw.known_again = { device: await page.innerText(at("device")), finding: await page.innerText(at("finding")) };
});
