// A reader rejects with a reason; another one sees it, and takes it back; a third one may only look. Prints what it saw as JSON.
//   node verdict.mjs BASE FIRST SECOND VIEWER STUDY FOLDER
import { join } from "node:path";
import { at, firstMask, main, visit } from "./page.mjs";

const [base, first, second, viewer, study, folder] = process.argv.slice(2);
await main(async (page, saw) => {
  const picture = (name) => page.screenshot({ path: join(folder, `${name}.png`) });
  await page.setViewportSize({ width: 1280, height: 720 });
  const enter = async (token) => {
    await page.context().clearCookies();
    await page.goto(`${base}/enter?token=${token}`);
    // What this browser's tab remembers is another reader's.
    await page.evaluate(() => sessionStorage.clear());
    await visit(page, base, study);
    await page.waitForSelector(at("finding"));
  };
  await enter(first);
  await page.click(at("reject"));
  await page.keyboard.type("too large, see section 5");
  await page.keyboard.press("Enter");
  await page.waitForSelector(at("verdict"));
  saw.own = await page.innerText(at("verdict"));
  await picture("rejected");

  await enter(second);
  await page.waitForSelector(at("verdict"));
  // The analysed series hangs first, for the next reader too.
  await firstMask(page);
  saw.next = await page.innerText(at("verdict"));
  saw.pressed = await page.getAttribute(at("reject"), "aria-pressed");
  await picture("next-reader");
  await page.click(at("withdraw"));
  await page.waitForSelector(at("verdict"), { state: "detached" });
  // By the keyboard, which the button has again once the answer has come.
  await page.waitForSelector(`${at("accept")}:enabled`);
  await page.focus(at("accept"));
  await page.keyboard.press("Enter");
  await page.waitForSelector(at("verdict"));
  await page.waitForSelector(`${at("accept")}:enabled`);
  saw.focused = await page.evaluate(() => document.activeElement?.dataset.testid);
  saw.then = await page.innerText(at("verdict"));

  await enter(viewer);
  await page.waitForSelector(at("verdict"));
  saw.looking = await page.innerText(at("verdict"));
  await page.waitForSelector(`${at("accept")}:disabled`);
  saw.disabled = {};
  for (const name of ["accept", "reject", "withdraw", "correct", "keep", "run"]) {
    const one = page.locator(at(name));
    saw.disabled[name] = [await one.isDisabled(), await one.getAttribute("title")];
  }
  await picture("viewer-role");
});
