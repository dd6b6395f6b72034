"""Networks, drawn phantoms, training, evaluation and export for Cordline bundles.

Research use only; not a medical device. Four packages, each of which knows those above it only:

    phantom    drawn cases, cohorts on disk, DICOM
    networks   the segmenter and the classifiers in PyTorch
    bundle     what the runtime loads: preprocessing, ONNX export, manifest, evaluation, card
    training   from a cohort to trained networks

`cli` is the program `cordline-models`: one function a command.
"""

__version__ = "0.1.0"
CLASSES = ("healthy", "astrocytoma", "ependymoma", "ms", "nmosd")
"""Labels of a cohort, in the order used everywhere."""
