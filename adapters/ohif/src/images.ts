/** Which images of OHIF show which section of a job. */

import { findSection, type ImagePlane } from "./geometry";
import type { Job } from "./job";
import { cornerstone, cornerstoneTools } from "./ohifServices";

/** Where an image lies; `undefined` if it does not say so: a secondary capture, for example. */
export function imagePlane(imageId: string): ImagePlane | undefined {
  const { ImagePositionPatient: position, ImageOrientationPatient: orientation } =
    cornerstone().metaData.get("instance", imageId) ?? {};
  return position && orientation && { position, orientation };
}

/** The section that an image shows, from 1; `undefined` if it shows none. */
export function sectionOfImage(job: Job, imageId: string): number | undefined {
  const plane = imagePlane(imageId);
  if (!job.grid || !plane) return undefined;
  return findSection(job.grid.matrix, job.grid.shape[0], plane);
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
