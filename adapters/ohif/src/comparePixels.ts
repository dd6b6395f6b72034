/** Compares the images in the viewer, to the bit, with those that were analysed. */

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { sectionOfImage } from "./images";
import type { Job } from "./job";
import { cornerstone } from "./ohifServices";

/**
 * `unknown`: a comparison to the bit is not possible. Two decoders round rescaled or lossy pixels differently, and a resampled volume
 * has other sections.
 */
export type Comparison = "equal" | "different" | "unknown";

/** Compares with the job's `pixel_sha256`: SHA-256 of little-endian float32, section by section. */
export async function comparePixels(job: Job, imageIds: readonly string[]): Promise<Comparison> {
  if (!job.grid) return "unknown";
  const { shape, pixel_sha256: expected } = job.grid;
  const bySection = new Map<number, string>();
  for (const id of imageIds) {
    const section = sectionOfImage(job, id);
    if (section) bySection.set(section, id);
  }
  if (bySection.size === 0) return "different";
  if (bySection.size !== shape[0] || imageIds.length !== shape[0]) return "unknown";
  const digest = sha256.create();
  for (let section = 1; section <= shape[0]; section++) {
    const id = bySection.get(section) as string;
    if (!isExact(id)) return "unknown";
    const { voxelManager } = await cornerstone().imageLoader.loadAndCacheImage(id);
    const values = Float32Array.from(voxelManager.getScalarData());
    if (values.length !== shape[1] * shape[2]) return "different";
    digest.update(new Uint8Array(values.buffer));
  }
  return bytesToHex(digest.digest()) === expected ? "equal" : "different";
}

/** True if the pixels are stored integers without rescaling or loss, which every decoder reads alike. */
function isExact(imageId: string): boolean {
  const { metaData } = cornerstone();
  const { rescaleSlope = 1, rescaleIntercept = 0 } = metaData.get("modalityLutModule", imageId) ?? {};
  const isLossy = metaData.get("instance", imageId)?.LossyImageCompression === "01";
  return rescaleSlope === 1 && rescaleIntercept === 0 && !isLossy;
}
