import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

interface Manifest {
  main: string;
  module: string;
  types: string;
  exports: Record<string, string | Record<string, string>>;
}

test("what npm would publish is whole, and is nothing else", () => {
  const words = ["pack", "--dry-run", "--json", "--silent"];
  const [packed] = JSON.parse(execFileSync("npm", words, { encoding: "utf8" })) as [{ files: { path: string }[] }];
  const files = packed.files.map((file) => file.path).sort();
  assert.deepEqual(files, [
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "dist/app-config.js",
    "dist/index.js",
    "dist/mode.js",
    "index.d.ts",
    "mode.d.ts",
    "package.json",
    "panel.png",
  ]);
  const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
  const named = [manifest.main, manifest.module, manifest.types];
  for (const entry of Object.values(manifest.exports)) named.push(...Object.values([entry].flat()[0] ?? {}));
  const paths = named.filter((name) => name.startsWith("./")).map((name) => name.slice(2));
  assert.ok(paths.length > 4);
  for (const path of paths) assert.ok(files.includes(path), path);
  for (const [, path] of readFileSync("README.md", "utf8").matchAll(/!\[.*?\]\((.*?)\)/g)) {
    assert.ok(path && files.includes(path) && existsSync(path), path);
  }
});

test("what is loaded in a viewer has React inside, and asks for nothing outside", async () => {
  const text = readFileSync("dist/index.js", "utf8");
  assert.doesNotMatch(text, /^import[ {*]|from"react/m);
  const { default: extension } = await import(`${process.cwd()}/dist/index.js`);
  assert.equal(extension.id, "@cordline/ohif-extension");
  const { default: mode } = await import(`${process.cwd()}/dist/mode.js`);
  assert.equal(typeof mode.modeFactory, "function");
});

test("a configuration that is imported for its effect alone is not dropped by a bundler", () => {
  const words = ["--bundle", "--minify", "--log-level=error"];
  const input = 'import "./dist/app-config.js"; import "./dist/index.js";';
  const text = execFileSync("node_modules/.bin/esbuild", words, { input, encoding: "utf8" });
  assert.match(text, /dicomweb/);
  // Of a module that nothing is taken of, nothing is left.
  assert.ok(text.length < 10_000, String(text.length));
});

test("README.md says of every source what it is for", () => {
  const readme = readFileSync("README.md", "utf8");
  const names = readdirSync("src", { withFileTypes: true }).filter((entry) => entry.isFile());
  assert.deepEqual(
    names.map(({ name }) => name).filter((name) => !readme.includes(`\`${name}\``)),
    [],
  );
});
