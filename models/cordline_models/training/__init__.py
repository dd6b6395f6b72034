"""Training: from a cohort to four trained networks in a run's folder, and from there to a bundle.

schedule, settings, settings_file   stages and all hyper-parameters; TOML, kept in the run
store, augment         preprocessed sections of a split; random views and intensities
device, checkpoint, trainer         what the trainings of all networks share
hard_negatives         where the segmenter is wrong in healthy cases
lesion_sections        what the classifiers learn from: sections with true and predicted masks
segmenter, classifiers              samplers, losses and the training of each network
tune                   thresholds from the validation split
run                    all of these in order
"""

import os

# Threads that wait must not spin: others want the cores too. OpenMP reads this once, when PyTorch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
