/** Which images of OHIF show which section of a job. */

import { findSection } from "./geometry";
import type { Job } from "./job";
import { cornerstone, cornerstoneTools } from "./ohifServices";

/** The section that an image shows, from 1; `undefined` if it shows none. */
export function sectionOfImage(job: Job, imageId: string): number | undefined {
  const instance = cornerstone().metaData.get("instance", imageId);
  if (!job.grid || !instance) return undefined;
  const { matrix, shape } = job.grid;
  const plane = { position: instance.ImagePositionPatient, orientation: instance.ImageOrientationPatient };
  return findSection(matrix, shape[0], plane);
}

/** The images of a segmentation's labelmap that show sections of the job and have the same number of voxels. */
export function* labelmapSections(segmentationId: string, job: Job) {
  const labelmap = cornerstoneTools().segmentation.state.getSegmentation(segmentationId)?.representationData.Labelmap;
  if (!labelmap || !job.grid) return;
  const { shape } = job.grid;
  for (const imageId of labelmap.imageIds) {
    const image = cornerstone().cache.getImage(imageId);
    // Cornerstone may have evicted it from its cache.
    if (!image) continue;
    const section = sectionOfImage(job, image.referencedImageId);
    const voxels = image.voxelManager.getScalarData();
    if (section && voxels.length === shape[1] * shape[2]) yield { section, image, voxels };
  }
}
