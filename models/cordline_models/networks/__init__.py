"""The two architectures, and what is computed with them beside plain layers.

    multiresunet   the segmenter: section to probability map
    densenet       the classifier: masked section to class probabilities
    grad_cam       class probabilities and heat maps in one forward pass, for export
    small_view     a classifier on a small view as if on the whole section, for training

Absent from here: data, losses, files.
"""
