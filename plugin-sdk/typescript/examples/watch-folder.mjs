// Submits the DICOM files of a folder, and prints what happens: the smallest complete adapter of the gateway.
//
//     CORDLINE_TOKEN=... node examples/watch-folder.mjs FOLDER http://127.0.0.1:8080
//
// Research use only; not a medical device.

import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, unpackBits } from "@cordline/sdk";

const [folder, url, out] = process.argv.slice(2);
if (!folder || !url) {
  console.error("usage: CORDLINE_TOKEN=... node watch-folder.mjs FOLDER URL [FOLDER FOR RESULTS]");
  process.exit(2);
}
const paths = readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)));
const files = paths.filter((path) => statSync(path).isFile()).map((path) => new Uint8Array(readFileSync(path)));

const client = await connect(url, process.env.CORDLINE_TOKEN, "watch-folder 1.0");
try {
  console.log(client.welcome.notice);
  if (client.welcome.bundle?.warning) console.log(client.welcome.bundle.warning);
  const { job } = await client.submitStudy(files);
  let listed = [];
  await client.follow(job, (event, raw) => {
    if (event.event === "state") {
      const { state, finding, problem } = event.body;
      console.log(`${state}${finding ? `: ${finding.label}` : ""}${problem ? `: ${problem.message}; ${problem.action}` : ""}`);
    } else if (event.event === "section") {
      const { section, mask } = event.body;
      const voxels = unpackBits(raw, mask.shape[0] * mask.shape[1]).reduce((sum, voxel) => sum + voxel, 0);
      console.log(`section ${section}: ${voxels} voxels`);
    } else if (event.event === "warning") {
      console.log(`note: ${event.body.message}`);
    } else if (event.event === "files") {
      listed = event.body.files;
    }
  });
  if (out) {
    for (const file of listed.filter((file) => !file.path.includes("/"))) {
      writeFileSync(join(out, file.path), await client.download(job, file));
      console.log(`fetched ${file.path}`);
    }
  }
} finally {
  client.close();
}
