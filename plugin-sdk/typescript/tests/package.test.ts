import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

const HERE = fileURLToPath(new URL("../../", import.meta.url));
const RUN: { encoding: "utf8" } = { encoding: "utf8" };

/** A consumer of the package, as `npm install` leaves it: its types must be found, and its code must run. */
const CONSUMER = `
import { connect, encode, MAJOR, type JobSummary } from "@cordline/sdk";
export const open: (url: string, token: string) => Promise<{ close(): void }> = connect;
export const job = (summary: JobSummary): string => summary.study_uid ?? "";
console.log(MAJOR, encode({ v: 1 }).length, typeof connect);
`;

test("what npm packs is whole: code, types, README, licences, and nothing of the tests", { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "cordline-sdk-"));
  try {
    // A copy, as a clone has it: without what an earlier build left.
    const source = join(folder, "clone/plugin-sdk/typescript");
    mkdirSync(source, { recursive: true });
    const left = /\/(dist|build|node_modules|LICENSE-.*)$/;
    cpSync(HERE, source, { recursive: true, filter: (path) => !left.test(path.replace(/\/$/, "")) });
    for (const licence of ["LICENSE-MIT", "LICENSE-APACHE"]) {
      cpSync(join(HERE, "../..", licence), join(folder, "clone", licence));
    }
    symlinkSync(join(HERE, "node_modules"), join(source, "node_modules"));
    const packed = execFileSync("npm", ["pack", "--json", "--pack-destination", folder], { ...RUN, cwd: source });
    const [{ filename, files }] = JSON.parse(packed) as [{ filename: string; files: { path: string }[] }];
    const paths = files.map((file) => file.path);
    for (const wanted of ["package.json", "README.md", "LICENSE-MIT", "LICENSE-APACHE", "examples/watch-folder.mjs",
      "dist/index.js", "dist/index.d.ts", "dist/connect.js", "dist/client.d.ts"]) {
      assert.ok(paths.includes(wanted), `${wanted} is missing among ${paths.join(", ")}`);
    }
    assert.deepEqual(paths.filter((path) => /test|tsconfig|^src|node_modules/.test(path)), []);

    const about = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
    for (const key of ["repository", "engines", "exports", "license", "homepage"]) assert.ok(about[key], key);

    const user = join(folder, "user");
    mkdirSync(join(user, "node_modules/@cordline/sdk"), { recursive: true });
    execFileSync("tar", ["-xf", join(folder, filename), "-C", join(user, "node_modules/@cordline/sdk"), "--strip-components=1"]);
    writeFileSync(join(user, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(join(user, "consumer.ts"), CONSUMER);
    const tsc = join(HERE, "node_modules/typescript/bin/tsc");
    const compilerOptions = { strict: true, module: "nodenext", target: "es2022", lib: ["es2022", "dom"], types: [] };
    writeFileSync(join(user, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
    const compiled = spawnSync(process.execPath, [tsc, "-p", "."], { ...RUN, cwd: user });
    assert.equal(compiled.status, 0, compiled.stdout);
    assert.equal(execFileSync(process.execPath, ["consumer.js"], { ...RUN, cwd: user }), "1 11 function\n");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
