"""Drawn phantoms: one person from one seed, pictured as a scanner would, as NIfTI or DICOM.

Data passes these files in this order:

    spine, vertebrae, cord, lesion, surroundings   the body, in spine coordinates
    findings       which lesions a case has, after the published statistics of its class
    tissue, noise  brightness by contrast; smooth random fields and soft edges
    scanner        protocol, place of the sections, acquisition
    generator      all of these: `Phantom(seed, label).picture()`
    cohort         cases on disk as NIfTI and `labels.csv`, drawn or a site's own
    study, dicom_series, nifti_to_dicom            DICOM for the runtime to read
    geometry, image, whole_file                    what all of them share

Absent from here: networks, PyTorch, OpenCV. NumPy, nibabel and pydicom are enough to draw.
"""
