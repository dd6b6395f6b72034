// Keys that are pressed in the panel, and what becomes of the viewer.
import { at } from "./page.mjs";
import { standing } from "./views.mjs";

const TYPED = "abcdefghijklmnopqrstuvwxyz 0123456789+-=.,[]";
const PRESSED = [
  ...TYPED.replace(" ", ""),
  ..."RHL",
  ...["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End", "PageUp", "PageDown", "Backspace"],
];

/** Types a reason and presses every key at each control; what changed, and what was typed. */
export async function keys(page) {
  const before = await standing(page);
  const changed = [];
  const check = async (name) => (await standing(page)) !== before && changed.push(name);
  await page.click(at("reject"));
  // At once, as a reader does: the field has the keyboard.
  await page.keyboard.type(TYPED);
  const typed = await page.inputValue(at("reason"));
  for (const key of ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End", "PageDown"]) await page.keyboard.press(key);
  await check("reason");
  await page.keyboard.press("Escape");
  await page.waitForSelector(at("reason"), { state: "detached" });
  const back = await page.evaluate(() => document.activeElement?.dataset.testid);
  await page.keyboard.type(TYPED.replace(" ", ""));
  await check("after Escape");

  const controls = page.locator(`${at("panel")} :is(button, input, select, textarea, summary)`);
  const met = [];
  for (let k = 0; k < (await controls.count()); k++) {
    const control = controls.nth(k);
    if (!(await control.isVisible()) || !(await control.isEnabled())) continue;
    // A slider is moved by keys: that is its own.
    if ((await control.getAttribute("type")) === "range") continue;
    await control.focus();
    met.push((await control.getAttribute("data-testid")) ?? (await control.innerText()));
    for (const key of PRESSED) await page.keyboard.press(key);
    await check(met.at(-1));
  }
  // Space and Enter press the button, and nothing else: the viewer's Space would set its images back.
  const outline = page.locator(at("outline"));
  await outline.focus();
  const pressed = [await outline.getAttribute("aria-pressed")];
  for (const key of ["Space", "Enter"]) {
    await page.keyboard.press(key);
    pressed.push(await outline.getAttribute("aria-pressed"));
  }
  await check("Space and Enter");
  // A control that is taken away while it has the keyboard does not hand it to the viewer.
  await page.click(at("reject"));
  await page.evaluate((field) => document.querySelector(field).closest("form").remove(), at("reason"));
  await page.keyboard.type("rhlvc");
  await check("taken away");
  return { typed, wanted: TYPED, back, met, pressed, changed };
}
