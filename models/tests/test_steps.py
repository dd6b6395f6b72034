"""Steps of a training on small made-up sections: what is drawn, where it begins, and what is kept of it."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from cordline_models import CLASSES  # noqa: E402
from cordline_models.networks.densenet import DenseNet121  # noqa: E402
from cordline_models.networks.multiresunet import MultiResUNet  # noqa: E402
from cordline_models.phantom.cohort import Case, write_cases  # noqa: E402
from cordline_models.training import hard_negatives, run, store  # noqa: E402
from cordline_models.training.checkpoint import Progress, begin_with, checkpoint_path  # noqa: E402
from cordline_models.training.classifiers import GROUPS, LESIONS, Sampler, train_classifier  # noqa: E402
from cordline_models.training.device import half_precision  # noqa: E402
from cordline_models.training.lesion_sections import LesionSections, add_predictions, select_lesions  # noqa: E402
from cordline_models.training.schedule import Stage  # noqa: E402
from cordline_models.training.settings import ClassifierSettings, SegmenterSettings, TrainingSettings  # noqa: E402
from cordline_models.training.store import Sections, load_sections  # noqa: E402
from cordline_models.training.trainer import Trainer  # noqa: E402


@pytest.fixture
def sections() -> Sections:
    """One section of a case of each class, with a lesion but for the healthy one."""
    image = np.random.default_rng(0).integers(0, 65536, (len(CLASSES), 256, 256), np.uint16)
    mask = np.zeros(image.shape, bool)
    mask[1:, 100:120, 120:130] = True
    return Sections(image, mask, np.arange(len(CLASSES)), list(CLASSES), np.arange(len(CLASSES)))


@pytest.fixture
def lesions(sections) -> LesionSections:
    return select_lesions(sections, ClassifierSettings())


@pytest.mark.parametrize("size", [3, 6, 9, 12, 48])
def test_every_answer_is_drawn_whatever_the_batch(lesions, size):
    """What somebody with little memory sets, too."""
    common = [{name} for name in LESIONS]
    for groups in (common, *map(list, GROUPS.values())):
        sampler = Sampler(lesions, groups, ClassifierSettings())
        sampler.views = lambda rng, group, shape, predicted: [np.zeros((3, *shape), np.float32)] * 3
        seen = np.zeros(len(groups))
        for step in range(200):
            views, answers = sampler.batch(np.random.default_rng([1, 0, step]), size, (32, 32))
            assert len(views) == size == 3 * len(answers)
            seen += np.bincount(answers, minlength=len(groups))
        assert seen.max() < 2 * seen.min()


def test_a_batch_is_made_of_whole_cases():
    for stages in ({"common_stages": (Stage(1, 64, 20, 1e-3),)}, {"own_stages": (Stage(1, 64, 2, 1e-3),)}):
        with pytest.raises(ValueError, match="batch of a classifier is a multiple of sections_per_case"):
            ClassifierSettings(**stages)
    four = TrainingSettings(classifiers=ClassifierSettings(sections_per_case=4))
    assert four.quick().classifiers.common_stages[0].batch == 16


def test_a_classifier_that_stopped_in_its_last_stage_goes_on_as_if_it_had_not(lesions, tmp_path, monkeypatch):
    torch.set_num_threads(1)
    monkeypatch.setattr("cordline_models.training.trainer.CHECKPOINT_INTERVAL", 1)
    torch.manual_seed(0)
    start = DenseNet121(len(LESIONS))
    stages = (Stage(1, 64, 6, 1e-3, 1), Stage(2, 64, 6, 1e-3, 1))
    settings = ClassifierSettings(own_stages=stages, calibration_batches=2)
    whole = train_classifier("ms-nmosd", start, lesions, tmp_path / "whole", settings).state_dict()
    real = Trainer.save

    def stop(self):
        real(self)
        if (self.stage, self.step) == (1, 1):
            raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "save", stop)
    with pytest.raises(KeyboardInterrupt):
        train_classifier("ms-nmosd", start, lesions, tmp_path / "halves", settings)
    monkeypatch.setattr(Trainer, "save", real)
    resumed = train_classifier("ms-nmosd", start, lesions, tmp_path / "halves", settings).state_dict()
    for name, value in whole.items():
        assert torch.allclose(value.float(), resumed[name].float(), atol=1e-5), name


SMALL, TALL = Stage(1, 64, 2, 1e-3), Stage(1, 256, 2, 1e-3, columns=96)


@pytest.mark.parametrize(
    ("stages", "first"),
    [((TALL,), 0), ((SMALL,), 0), ((SMALL, TALL), 1), ((TALL, TALL), 0), ((TALL, SMALL), 0)],
)
def test_a_training_with_earlier_weights_leaves_out_small_views_alone(tmp_path, monkeypatch, stages, first):
    """With a single stage something is trained, else old weights would be called trained on the new cases."""
    earlier = tmp_path / "earlier"
    Trainer(earlier, "segmenter", MultiResUNet(), 1).save()
    Trainer(earlier, "start", DenseNet121(len(LESIONS)), 1).save()
    monkeypatch.setattr(run, "load_sections", lambda *_: None)
    monkeypatch.setattr(run.segmenter, "train", lambda *_: None)
    settings = TrainingSettings(segmenter=SegmenterSettings(stages=stages))
    run.train_all(tmp_path, tmp_path / "run", settings, 1, "segmenter", earlier)
    begun = torch.load(checkpoint_path(tmp_path / "run", "segmenter"), weights_only=True)
    assert Progress.of(begun)[:2] == (first, 0)


def test_what_is_kept_appears_whole_or_not_at_all(sections, lesions, tmp_path, monkeypatch):
    """A second process waits for none of it, and a full disk leaves nothing that later trainings stumble over."""
    earlier, kept = tmp_path / "earlier", tmp_path / "kept"
    Trainer(earlier, "start", DenseNet121(len(LESIONS)), 1).save()
    write_cases(tmp_path, [Case("a", "ms", "train")])
    volume = np.random.default_rng(0).random((2, 20, 20), np.float32)
    monkeypatch.setattr(store, "read_case", lambda *_: (volume, volume > 0.9, np.ones(3)))
    segment = lambda images: np.ones_like(images)  # noqa: E731
    keepers = [
        lambda: load_sections(tmp_path, "train", kept),
        lambda: hard_negatives.find(segment, sections, kept, SegmenterSettings()),
        lambda: add_predictions(lesions, segment, kept, ClassifierSettings()),
        lambda: begin_with(earlier, kept, "start", stage=0),
    ]

    def full(*words, **_):
        next(word for word in words if not isinstance(word, dict)).write_bytes(b"half of it")
        raise OSError("the disk is full")

    for module, name in ((np, "savez"), (np, "savez_compressed"), (torch, "save")):
        monkeypatch.setattr(module, name, full)
    kept.mkdir()
    for keep in keepers:
        with pytest.raises(OSError, match="full"):
            keep()
        assert list(kept.iterdir()) == []


def test_a_label_that_was_corrected_is_taken(tmp_path, monkeypatch):
    volume = np.random.default_rng(0).random((2, 20, 20), np.float32)
    monkeypatch.setattr(store, "read_case", lambda *_: (volume, volume > 0.9, np.ones(3)))
    for label in ("ms", "nmosd"):
        write_cases(tmp_path, [Case("a", label, "train")])
        assert load_sections(tmp_path, "train", tmp_path / "store").label.tolist() == [CLASSES.index(label)]


def test_an_older_pytorch_computes_in_single_precision(monkeypatch):
    monkeypatch.delattr(torch.cpu, "_is_avx512_bf16_supported")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with half_precision():
        assert not torch.is_autocast_enabled("cpu")
