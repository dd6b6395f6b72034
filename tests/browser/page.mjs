// A real Chromium, with what it needs to draw images where there is no screen.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

/** A browser with a profile of its own, and its first page. */
export async function open() {
  const profile = mkdtempSync(join(tmpdir(), "cordline-"));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    viewport: { width: 1400, height: 900 },
    args: FLAGS,
  });
  browser.on("close", () => rmSync(profile, { recursive: true, force: true }));
  const page = browser.pages()[0] ?? (await browser.newPage());
  page.setDefaultTimeout(90_000);
  return { browser, page };
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
