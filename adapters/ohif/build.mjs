// Bundles the extension and the mode into one file each: React and our SDK inside, the host's own objects outside.

import { readdirSync } from "node:fs";
import { build } from "esbuild";

const shared = { bundle: true, format: "esm", target: "es2022", logLevel: "warning" };
await build({
  ...shared,
  entryPoints: ["src/index.tsx", "src/mode.ts", "src/app-config.ts"],
  outdir: "dist",
  minify: true,
  jsx: "automatic",
  define: { "process.env.NODE_ENV": '"production"' },
});
if (process.argv[2] === "tests") {
  const entryPoints = readdirSync("tests").filter((name) => name.includes(".test.")).map((name) => `tests/${name}`);
  // React's renderer for servers requires modules of Node.
  const banner = { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' };
  const options = { outdir: "dist/tests", platform: "node", outExtension: { ".js": ".mjs" }, jsx: "automatic", banner };
  await build({ ...shared, ...options, entryPoints });
}
