/** Whether the images in the viewer are, pixel for pixel, those that were analysed. */

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { cornerstone } from "./host";
import { sectionOfImage } from "./images";
import type { Job } from "./job";

/**
 * `same` or `other` where it can be said; `unknown` where the viewer's pixels cannot be compared to the bit: values that are
 * rescaled or were compressed with loss come out of two decoders a little different, and a resampled volume has other sections.
 */
export type Sameness = "same" | "other" | "unknown";

/** Compares the images with the digest that the box told: SHA-256 of little-endian float32, section by section. */
export async function compare(job: Job, imageIds: readonly string[]): Promise<Sameness> {
  if (!job.grid) return "unknown";
  const { shape, pixel_sha256: wanted } = job.grid;
  const bySection = new Map<number, string>();
  for (const id of imageIds) {
    const section = sectionOfImage(job, id);
    if (section) bySection.set(section, id);
  }
  if (bySection.size === 0) return "other";
  if (bySection.size !== shape[0] || imageIds.length !== shape[0]) return "unknown";
  const digest = sha256.create();
  for (let section = 1; section <= shape[0]; section++) {
    const id = bySection.get(section) as string;
    if (!isExact(id)) return "unknown";
    const { voxelManager } = await cornerstone().imageLoader.loadAndCacheImage(id);
    const values = Float32Array.from(voxelManager.getScalarData());
    if (values.length !== shape[1] * shape[2]) return "other";
    digest.update(new Uint8Array(values.buffer));
  }
  return bytesToHex(digest.digest()) === wanted ? "same" : "other";
}

/** True where the pixels are whole numbers as they were stored, so that every reader has the same. */
function isExact(imageId: string): boolean {
  const { metaData } = cornerstone();
  const { rescaleSlope = 1, rescaleIntercept = 0 } = metaData.get("modalityLutModule", imageId) ?? {};
  const lossy = metaData.get("instance", imageId)?.LossyImageCompression === "01";
  return rescaleSlope === 1 && rescaleIntercept === 0 && !lossy;
}
