/** Which images of the viewer show which section of a job. */

import { cornerstone, tools } from "./host";
import type { Job } from "./job";
import { sectionOf } from "./sections";

/** The section that an image shows, from 1; `undefined` where it lies elsewhere. */
export function sectionOfImage(job: Job, imageId: string): number | undefined {
  const instance = cornerstone().metaData.get("instance", imageId);
  if (!job.grid || !instance) return undefined;
  const { matrix, shape } = job.grid;
  const place = { position: instance.ImagePositionPatient, orientation: instance.ImageOrientationPatient };
  return sectionOf(matrix, shape[0], place);
}

/** The images of a labelmap that lie where sections of the job lie. Another size would be another image: it is passed over. */
export function* sectionsOf(id: string, job: Job) {
  const labelmap = tools().segmentation.state.getSegmentation(id)?.representationData.Labelmap;
  if (!labelmap || !job.grid) return;
  const { shape } = job.grid;
  for (const imageId of labelmap.imageIds) {
    const image = cornerstone().cache.getImage(imageId);
    // The host may have dropped it from its memory.
    if (!image) continue;
    const section = sectionOfImage(job, image.referencedImageId);
    const voxels = image.voxelManager.getScalarData();
    if (section && voxels.length === shape[1] * shape[2]) yield { section, image, voxels };
  }
}
