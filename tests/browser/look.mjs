// Opens a study that was analysed on arrival, and keeps pictures of what a reader sees.
//   node look.mjs BASE TOKEN STUDY_UID FOLDER
import { join } from "node:path";
import { at, open, shown } from "./page.mjs";

const [base, token, study, folder] = process.argv.slice(2);
const { browser, page } = await open();
try {
  await page.goto(`${base}/enter?token=${token}`);
  await page.goto(`${base}/cordline?StudyInstanceUIDs=${study}`);
  await page.waitForSelector(at("finding"));
  await shown(page);
  await page.click("text=Confirm and hide");
  await page.click(at("open")).catch(() => {});
  await page.waitForTimeout(3000);
  await page.locator(`${at("lesions")} button`).first().click();
  await page.waitForTimeout(1500);
  await page.screenshot({ path: join(folder, "finding.png") });
  console.log(await page.innerText(at("finding")));
} finally {
  await browser.close();
}
