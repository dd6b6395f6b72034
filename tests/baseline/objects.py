"""The DICOM Segmentation, with highdicom."""

import highdicom
import numpy as np
import pydicom
from pydicom.sr.codedict import codes


def segmentation(series: list[pydicom.Dataset], labels: np.ndarray, version: str) -> highdicom.seg.Segmentation:
    """One segment a lesion; `labels` (section, row, column) holds lesion numbers from 1."""
    algorithm = highdicom.AlgorithmIdentificationSequence(
        name="baseline", version=version, family=codes.DCM.ArtificialIntelligence
    )
    count = int(labels.max())
    segments = [
        highdicom.seg.SegmentDescription(
            segment_number=number,
            segment_label=f"Lesion {number}",
            segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
            segmented_property_type=codes.SCT.Lesion,
            algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
            algorithm_identification=algorithm,
        )
        for number in range(1, count + 1)
    ]
    return highdicom.seg.Segmentation(
        source_images=series,
        pixel_array=np.stack([labels == number for number in range(1, count + 1)], axis=-1),
        segmentation_type=highdicom.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=segments,
        series_instance_uid=highdicom.UID(),
        series_number=1001,
        sop_instance_uid=highdicom.UID(),
        instance_number=1,
        manufacturer="Cordline tests",
        manufacturer_model_name="baseline",
        software_versions=version,
        device_serial_number="1",
    )
