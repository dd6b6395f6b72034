// Opens a study that was analysed on arrival, and keeps pictures of what a reader sees.
//   node look.mjs BASE TOKEN STUDY_UID FOLDER
import { join } from "node:path";
import { at, main, visit } from "./page.mjs";

const [base, token, study, folder] = process.argv.slice(2);
await main(async (page, saw) => {
  // High enough for the whole panel.
  await page.setViewportSize({ width: 1400, height: 1180 });
  await page.goto(`${base}/enter?token=${token}`);
  await visit(page, base, study);
  await page.waitForSelector(at("finding"));
  await page.click(at("open"), { timeout: 3000 }).catch(() => {});
  await page.waitForTimeout(3000);
  await page.click(at("jump-1"));
  await page.locator(at("device")).scrollIntoViewIfNeeded();
  await page.waitForTimeout(1500);
  await page.screenshot({ path: join(folder, "finding.png") });
  saw.finding = await page.innerText(at("finding"));
});
