/** Runs when OHIF registers the extension (`preRegistration`). */

import { isUnauthorized } from "./connection";
import { strings } from "./strings";

/** Without a token there are no images, so no study is opened and no panel is mounted: a banner over the page says what to do. */
export default async function init(): Promise<void> {
  if (!(await isUnauthorized())) return;
  const banner = document.createElement("div");
  banner.setAttribute("role", "alert");
  banner.dataset.testid = "cordline-no-token";
  banner.textContent = `${strings.title}: ${strings.refused}`;
  banner.style.cssText =
    "position:fixed;inset:0 0 auto 0;z-index:9999;padding:12px 16px;background:#5c1a16;color:#fff;font:14px/1.5 sans-serif";
  document.body.append(banner);
}
