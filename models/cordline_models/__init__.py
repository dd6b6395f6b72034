"""Networks, drawn phantoms, training, evaluation and export for Cordline bundles.

Research use only; not a medical device. Data passes these files in this order:

drawing      geometry, noise, spine, tissue, cord, lesion, findings, surroundings, scanner, phantom
handing over dicom_series, study, cohort
learning     preprocessing, augment, multiresunet, densenet, grad_cam, false_alarms, train_segmenter,
             train_classifiers
delivering   export, bundle, evaluate, card
"""

__version__ = "0.1.0"
CLASSES = ("healthy", "astrocytoma", "ependymoma", "ms", "nmosd")
"""Labels of a cohort, in the order used everywhere."""
