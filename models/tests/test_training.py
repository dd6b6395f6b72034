"""From a site's folder to an evaluated bundle; and a stopped training goes on as if it had not stopped."""

import csv
import json
import shutil
import tomllib

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from cordline_models.bundle import golden_sections  # noqa: E402
from cordline_models.bundle.manifest import QUESTIONS, BundleSettings, sha256  # noqa: E402
from cordline_models.cli import main  # noqa: E402
from cordline_models.networks.multiresunet import MultiResUNet  # noqa: E402
from cordline_models.phantom.cohort import read_case, read_cases  # noqa: E402
from cordline_models.training import hard_negatives  # noqa: E402
from cordline_models.training.checkpoint import Progress, begin_with  # noqa: E402
from cordline_models.training.schedule import Stage  # noqa: E402
from cordline_models.training.segmenter import Sampler, train  # noqa: E402
from cordline_models.training.settings import SegmenterSettings  # noqa: E402
from cordline_models.training.store import load_sections  # noqa: E402
from cordline_models.training.trainer import Trainer  # noqa: E402


@pytest.fixture(scope="module")
def trained(site, tmp_path_factory):
    """The run of a short training on the site's cohort, and the bundle that was exported of it."""
    folder = tmp_path_factory.mktemp("trained")
    run, bundle = folder / "run", folder / "bundle"
    common = ["--cohort", str(site), "--run", str(run)]
    assert main(["train", *common, "--quick"]) == 0

    def already_drawn():
        """In place of the phantoms of the test split, which take seconds each."""
        for row in (*read_cases(site, "validation"), *read_cases(site, "test")):
            image, mask, _ = read_case(site, row.case)
            yield golden_sections.sections_of_case(row.case, row.label, image, mask)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(golden_sections, "held_out", already_drawn)
        what = ["--kind", "patients", "--description", "five of a site"]
        assert main(["export", *common, "--bundle", str(bundle), *what]) == 0
    return run, bundle


def test_whole_road_on_a_site_cohort(site, trained):
    run, bundle = trained
    common = ["--cohort", str(site), "--run", str(run)]
    assert main(["evaluate", *common, "--bundle", str(bundle)]) == 0
    volume = site / "images" / "case000.nii.gz"
    assert main(["card", "--run", str(run), "--bundle", str(bundle), "--real", str(volume)]) == 0
    card = (bundle / "CARD.md").read_text()
    assert "not a medical device" in card.splitlines()[0] and volume.name in card and "Dice, nmosd" in card
    settings = BundleSettings.of_bundle(bundle)
    assert settings.cohort_kind == "patients" and settings.cohort == "five of a site"
    manifest = tomllib.loads((bundle / "bundle.toml").read_text())
    assert {path.name for path in bundle.iterdir()} - {"bundle.toml", "CARD.md"} == set(manifest["sha256"])
    for name, hash_ in manifest["sha256"].items():
        assert sha256(bundle / name) == hash_
    assert manifest["cohort"].keys() == {"kind", "description"}  # no warning: the words are for phantoms
    with (run / "test.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    assert [r["label"] for r in rows] == ["healthy", "astrocytoma", "ependymoma", "ms", "nmosd"]
    assert list(rows[0]) == ["case", "label", "finding", "dice", *(f"p:{q}" for q in QUESTIONS)]
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert {line["network"] for line in log if line.get("event") == "finished"} == {"segmenter", *QUESTIONS}
    three = [torch.load(run / f"{q}.pt", weights_only=True)["model"] for q in QUESTIONS]
    assert not torch.equal(three[0]["body.0.weight"], three[1]["body.0.weight"])  # no shared trunk


def test_a_bundle_is_completed_from_its_own_networks(site, trained, tmp_path, monkeypatch, capsys):
    """Whoever has the four networks and a manifest can write the rest anew; the networks stay as they are."""
    _, bundle = trained
    copy = shutil.copytree(bundle, tmp_path / "copy")
    for path in (*copy.glob("*.fp16.onnx"), copy / "golden.safetensors"):
        path.unlink()
    networks = {path.name: path.read_bytes() for path in copy.glob("*.onnx")}
    drawn = [(row.case, row.label, *read_case(site, row.case)[:2]) for row in read_cases(site, "train")]
    monkeypatch.setattr(golden_sections, "held_out", lambda: (golden_sections.sections_of_case(*d) for d in drawn))
    assert main(["complete", "--bundle", str(copy), "--bundle-version", "0.9.0"]) == 0
    assert "golden data of segmenter: " in capsys.readouterr().out
    assert (copy / "golden.safetensors").stat().st_mode & 0o777 == (copy / "bundle.toml").stat().st_mode & 0o777
    assert networks.items() <= {path.name: path.read_bytes() for path in copy.glob("*.onnx")}.items()
    was, now = (tomllib.loads((folder / "bundle.toml").read_text()) for folder in (bundle, copy))
    assert now["version"] == "0.9.0" and was["sha256"].keys() == now["sha256"].keys()
    same = lambda manifest: {k: v for k, v in manifest.items() if k not in {"version", "sha256"}}  # noqa: E731
    assert same(was) == same(now)


def test_stopped_training_goes_on_where_it_stopped(site, tmp_path, monkeypatch):
    torch.set_num_threads(1)
    sections = load_sections(site, "train", tmp_path / "store")
    settings = SegmenterSettings(stages=(Stage(4, 32, 2, 1e-3, 1),))
    torch.manual_seed(0)
    whole = train(sections, tmp_path / "whole", settings, 1).state_dict()

    monkeypatch.setattr("cordline_models.training.trainer.CHECKPOINT_INTERVAL", 2)
    real, calls = Trainer.log, []

    def stop_once(self, **facts):
        real(self, **facts)
        calls.append(facts)
        if len(calls) == 2:  # after step 4 is logged, before it is saved
            raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "log", stop_once)
    torch.manual_seed(0)
    with pytest.raises(KeyboardInterrupt):
        train(sections, tmp_path / "halves", settings, 1)
    torch.manual_seed(123)  # a new process starts from other random numbers
    resumed = train(sections, tmp_path / "halves", settings, 1).state_dict()
    assert Progress.of(torch.load(tmp_path / "halves" / "segmenter.pt", weights_only=True)).finished is True
    for name, value in whole.items():
        assert torch.allclose(value.float(), resumed[name].float(), atol=1e-5), name


def test_training_begins_with_an_earlier_run(site, tmp_path, capsys):
    torch.set_num_threads(1)
    sections = load_sections(site, "train", tmp_path / "store")
    earlier, later = tmp_path / "earlier", tmp_path / "later"
    settings = SegmenterSettings(stages=(Stage(2, 32, 2, 1e-3, 1),))
    begun = train(sections, earlier, settings, 1).state_dict()
    begin_with(earlier, later, "segmenter", stage=1)
    begin_with(tmp_path / "none", later, "segmenter", stage=0)  # what has begun is left alone
    first = Trainer(later, "segmenter", MultiResUNet(), 1)
    assert (first.stage, first.step, first.finished) == (1, 0, False)
    for name, value in first.model.state_dict().items():
        assert torch.equal(value, begun[name]), name
    common = ["--cohort", str(site), "--run", str(tmp_path / "run")]
    assert main(["train", *common, "--begin-with", str(tmp_path / "none")]) == 1
    assert "--begin-with takes the folder of an earlier run" in capsys.readouterr().err


def test_views_lie_where_the_segmenter_is_wrong_in_healthy_sections(site, tmp_path):
    sections = load_sections(site, "train", tmp_path / "store")
    healthy = np.flatnonzero(sections.label[sections.case] == 0)
    shown = iter(range(len(healthy)))

    def segment(images):
        """Sure of a lesion at rows 40 to 43, columns 200 to 203 of every second section."""
        assert images.shape == (1, 256, 256)
        maps = np.zeros_like(images)
        maps[:, 40:44, 200:204] = 0.9 * (next(shown) % 2)
        return maps

    settings = SegmenterSettings()
    found = hard_negatives.find(segment, sections, tmp_path / "store", settings)
    assert [points[0, 0] for points in found] == healthy[1::2].tolist()
    again = hard_negatives.find(None, sections, tmp_path / "store", settings)  # as a resumed training reads them
    assert all(np.array_equal(a, b) for a, b in zip(found, again, strict=True))

    sampler, cut = Sampler(sections, settings), []
    sampler.hard_negatives = found
    sampler._cut = lambda _rng, index, middle, _shape: cut.append((index, *middle))
    rng = np.random.default_rng(0)
    for _ in range(200):
        sampler.view(rng, Stage(1, 64, 1, 1e-3, hard_negative_share=0.5))
    near = sum(index in healthy[1::2] and 40 <= row < 44 and 200 <= column < 204 for index, row, column in cut)
    assert 70 <= near <= 130
    with pytest.raises(ValueError, match="belongs to another cohort"):
        hard_negatives.find(None, load_sections(site, "test", tmp_path / "store"), tmp_path / "store", settings)


def test_bad_cohort_is_explained(tmp_path, capsys):
    (tmp_path / "labels.csv").write_text("case,label,split\na,glioma,train\n")
    assert main(["train", "--cohort", str(tmp_path), "--run", str(tmp_path / "run")]) == 1
    assert "label 'glioma'" in capsys.readouterr().err
