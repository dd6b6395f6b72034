"""All hyper-parameters of a training in one place, with the values that the bundle of this repository began with.

Its trainings went on with others, each with the weights of the one before; its CARD.md has the steps of the last.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from .schedule import Stage


def check_shares(settings: object, *names: str) -> None:
    """Refuse a value outside of 0..1."""
    for name in names:
        if not 0 <= getattr(settings, name) <= 1:
            raise ValueError(f"{name} lies between 0 and 1, not at {getattr(settings, name)}")


def check_counts(settings: object, *names: str) -> None:
    """Refuse a number below 1."""
    for name in names:
        if getattr(settings, name) < 1:
            raise ValueError(f"{name} is 1 or more, not {getattr(settings, name)}")


@dataclass(frozen=True)
class ClassWeights:
    """How often a batch of the segmenter takes a case of each class, relative to the others.

    MS and NMOSD come more often than their share of cases, since their lesions are small.
    """

    healthy: float = 0.18
    astrocytoma: float = 0.15
    ependymoma: float = 0.15
    ms: float = 0.28
    nmosd: float = 0.24

    def __post_init__(self) -> None:
        weights = [getattr(self, field.name) for field in fields(self)]
        if min(weights) < 0 or not sum(weights) > 0:
            raise ValueError(f"class_weights are 0 or more, and not all 0: {self}")


@dataclass(frozen=True)
class SegmenterSettings:
    """How the segmenter is trained.

    Attributes
    ----------
    stages : Small views first, since they are quick. Then tall ones, since only the whole length of a canal tells its
        edge from a lesion. Then many round hard negatives, for healthy sections teach little elsewhere. Whole sections
        last, so that no place of a section is new.
    lesion_share : of the draws from a case with lesion, how many take a section that shows it
    bright_quantile : quantile of a section above which a pixel may be the middle of a view without lesion; fluid and
        fat, where false lesions arise
    hard_negative_probability : from which a pixel of a healthy case counts as a hard negative; what nearly became a
        lesion teaches as well
    hard_negative_min_pixels : fewer such pixels in a section are ignored
    hard_negative_max_points : most pixels remembered of a section
    max_rotation_deg, max_zoom : of a view, either way
    calibration_batches : over which the statistics of the batch norms are averaged after a stage
    """

    stages: tuple[Stage, ...] = (
        Stage(350, 96, 8, 2.5e-3),
        Stage(2400, 256, 6, 2e-3, columns=96),
        Stage(900, 256, 6, 1e-3, columns=96, hard_negative_share=0.2),
        Stage(200, 256, 3, 2.5e-4, 3, freeze_batch_norm=True, hard_negative_share=0.2),
    )
    class_weights: ClassWeights = ClassWeights()
    lesion_share: float = 0.7
    bright_quantile: float = 0.88
    hard_negative_probability: float = 0.3
    hard_negative_min_pixels: int = 4
    hard_negative_max_points: int = 32
    max_rotation_deg: float = 25.0
    max_zoom: float = 1.25
    calibration_batches: int = 24

    def __post_init__(self) -> None:
        check_shares(self, "lesion_share", "bright_quantile", "hard_negative_probability")
        check_counts(self, "hard_negative_min_pixels", "hard_negative_max_points", "max_zoom", "calibration_batches")


@dataclass(frozen=True)
class ClassifierSettings:
    """How the three classifiers are trained.

    Attributes
    ----------
    common_stages : of the common start, on all four classes with lesion
    own_stages : of each classifier on its own question: the first on true masks, the others on predicted ones too.
        Lesions of the cord are long and narrow, and so are the views; each stands for a whole section (`small_view`).
    sections_per_case : whose mean probability is learnt, since such a mean answers the question in the end
    label_smoothing : of the cross-entropy
    min_lesion_pixels : a mask with fewer, of 256 x 256, is not used
    predicted_share : of the draws from a case with predicted masks, how many take these
    predicted_threshold : at which the segmenter's maps become masks; what tuning has chosen for trained segmenters
    predicted_sections : most sections of a case that are segmented for this
    predicted_columns : width of the band round the lesion that is segmented, pixels
    reshaped_share : share of true masks that are reshaped, as a segmenter would miss their outline
    max_rotation_deg, max_zoom : of a view, either way; milder than for the segmenter, since size and texture tell the
        classes apart
    calibration_batches : over which the statistics of the batch norms are averaged when the last stage begins
    """

    common_stages: tuple[Stage, ...] = (Stage(1400, 128, 48, 1e-3, columns=64),)
    own_stages: tuple[Stage, ...] = (
        Stage(400, 128, 48, 5e-4, columns=64),
        Stage(120, 128, 48, 2e-4, 3, columns=64),
    )
    sections_per_case: int = 3
    label_smoothing: float = 0.05
    min_lesion_pixels: int = 4
    predicted_share: float = 0.5
    predicted_threshold: float = 0.3
    predicted_sections: int = 3
    predicted_columns: int = 96
    reshaped_share: float = 0.5
    max_rotation_deg: float = 15.0
    max_zoom: float = 1.1
    calibration_batches: int = 24

    def __post_init__(self) -> None:
        check_shares(self, "label_smoothing", "predicted_share", "predicted_threshold", "reshaped_share")
        check_counts(self, "sections_per_case", "min_lesion_pixels", "predicted_sections", "predicted_columns")
        check_counts(self, "max_zoom", "calibration_batches")
        if self.predicted_columns % 16 or self.predicted_columns > 256:
            raise ValueError(f"predicted_columns is a multiple of 16, at most 256, not {self.predicted_columns}")
        for stage in self.common_stages + self.own_stages:
            if any(side % 32 for side in stage.shape):
                raise ValueError(f"rows and columns of a classifier's view are multiples of 32: {stage}")
            if stage.batch % self.sections_per_case:
                raise ValueError(f"batch of a classifier is a multiple of sections_per_case: {stage}")
            if stage.hard_negative_share:
                raise ValueError(f"hard_negative_share is for stages of the segmenter alone: {stage}")


@dataclass(frozen=True)
class TrainingSettings:
    """What decides how a training ends, given its cohort. `seed`: of first weights and of every draw."""

    seed: int = 1
    segmenter: SegmenterSettings = SegmenterSettings()
    classifiers: ClassifierSettings = ClassifierSettings()

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ValueError(f"seed is 0 or more, not {self.seed}")

    def quick(self) -> TrainingSettings:
        """A few steps each: they show that everything runs, and teach nothing."""
        views = self.classifiers.sections_per_case
        last = Stage(1, 256, 2, 1e-3, 1, freeze_batch_norm=True, hard_negative_share=0.5)
        return replace(
            self,
            segmenter=replace(self.segmenter, stages=(Stage(4, 64, 4, 1e-3, 1), last)),
            classifiers=replace(
                self.classifiers,
                common_stages=(Stage(3, 64, 4 * views, 1e-3, 1),),
                own_stages=(Stage(2, 64, 2 * views, 1e-3, 1), Stage(1, 64, 2 * views, 1e-3, 1)),
            ),
        )
