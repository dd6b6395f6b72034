// What keyboard and screen reader find in the panel.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { at } from "./page.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** WCAG 2.1 A and AA, contrast of text among them: each rule that is broken, with the elements that break it. */
export async function broken(page) {
  await page.evaluate(AXE);
  return page.evaluate(async (panel) => {
    const runOnly = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
    const { violations, passes } = await window.axe.run(panel, { runOnly });
    const contrasts = passes.find((rule) => rule.id === "color-contrast")?.nodes.length ?? 0;
    return { contrasts, violations: violations.map((rule) => [rule.id, ...rule.nodes.map((node) => node.html)]) };
  }, at("panel"));
}

/** Presses Tab through the panel: the names of all that is met, and of that which shows no ring; and all that there is. */
export async function tabbed(page) {
  const all = await page.evaluate((panel) => {
    const found = [...document.querySelectorAll(`${panel} :is(button, input, summary)`)];
    // What is in a closed fold cannot be seen either.
    return found.filter((one) => !one.disabled && one.checkVisibility()).map((one) => one.ariaLabel ?? one.innerText);
  }, at("panel"));
  await page.evaluate((panel) => {
    const first = document.querySelector(`${panel} :is(button, input, summary)`);
    first.focus();
  }, at("panel"));
  const met = [];
  const ringless = [];
  // From before the first, so that it is met as the others are.
  await page.keyboard.press("Shift+Tab");
  for (let i = 0; i < all.length; i++) {
    await page.keyboard.press("Tab");
    const now = await page.evaluate((panel) => {
      const one = document.activeElement;
      if (!one?.closest(panel)) return undefined;
      const { outlineStyle, outlineWidth } = getComputedStyle(one);
      return { name: one.ariaLabel ?? one.innerText, ring: outlineStyle === "solid" && parseFloat(outlineWidth) >= 2 };
    }, at("panel"));
    if (!now) break;
    met.push(now.name);
    if (!now.ring) ringless.push(now.name);
  }
  return { all, met, ringless };
}
