"""Hyper-parameters: one file says all of them, and a run keeps to those that it was begun with."""

from dataclasses import replace

import pytest

pytest.importorskip("torch")  # which the package of the training needs

from cordline_models.cli import main  # noqa: E402
from cordline_models.training.schedule import Stage, learning_rate_at  # noqa: E402
from cordline_models.training.settings import ClassWeights, SegmenterSettings, TrainingSettings  # noqa: E402
from cordline_models.training.settings_file import read_settings, settings_of_run, to_toml, write_settings  # noqa: E402


def unusual() -> TrainingSettings:
    """Settings of which none of the kinds of value is the default one."""
    stages = (
        Stage(7, 64, 2, 1e-05, freeze_batch_norm=True, hard_negative_share=0.25),
        Stage(1, 96, 1, 0.1, columns=32),
    )
    segmenter = SegmenterSettings(stages=stages, class_weights=ClassWeights(ms=1.0), lesion_share=1 / 3)
    return replace(TrainingSettings(seed=12, segmenter=segmenter).quick(), segmenter=segmenter)


@pytest.mark.parametrize("settings", [TrainingSettings(), TrainingSettings().quick(), unusual()])
def test_settings_come_back_from_their_file(settings, tmp_path):
    path = tmp_path / "new" / "settings.toml"
    write_settings(settings, path)
    assert read_settings(path) == settings
    assert [file.name for file in path.parent.iterdir()] == ["settings.toml"]


def test_what_a_file_leaves_out_has_its_default(tmp_path):
    path = tmp_path / "part.toml"
    path.write_text(
        "[segmenter]\nmax_zoom = 2\n[[segmenter.stages]]\nsteps = 5\nrows = 64\nbatch = 1\nlearning_rate = 0.1\n"
    )
    wanted = SegmenterSettings(stages=(Stage(5, 64, 1, 0.1),), max_zoom=2.0)
    assert read_settings(path) == TrainingSettings(segmenter=wanted)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("sead = 1", "sead is not a setting; known here are seed, segmenter, classifiers"),
        ("[segmenter]\nalarms = 1", "segmenter.alarms is not a setting; known here are stages,"),
        ("[[segmenter.stages]]\nrate = 1.0", r"segmenter.stages\[0\].rate is not a setting; known here are steps,"),
        ("[[segmenter.stages]]\nsteps = 3", r"segmenter.stages\[0\].rows is missing"),
        ("[segmenter]\nstages = []", "segmenter.stages is a list of one table or more"),
        ("[segmenter]\nmax_zoom = true", "segmenter.max_zoom is a number, not True"),
        ("seed = 1.5", "seed is a whole number, not 1.5"),
        ("segmenter = 3", "segmenter is a table, not 3"),
        ("[classifiers]\nreshaped_share = 7", "classifiers: reshaped_share lies between 0 and 1, not at 7.0"),
        (
            "[[segmenter.stages]]\nsteps = 3\nrows = 40\nbatch = 1\nlearning_rate = 0.1",
            r"segmenter.stages\[0\]: .* of 16",
        ),
        ("seed = ", "Invalid value"),
    ],
)
def test_what_is_no_setting_is_refused_with_its_place(text, complaint, tmp_path):
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=complaint) as refused:
        read_settings(path)
    assert str(refused.value).startswith(f"{path}: ")


def test_a_run_keeps_the_settings_it_was_begun_with(tmp_path):
    run, file = tmp_path / "run", tmp_path / "mine.toml"
    file.write_text(to_toml(unusual()))
    assert settings_of_run(run, file, seed=5) == replace(unusual(), seed=5)
    assert read_settings(run / "settings.toml") == replace(unusual(), seed=5)
    assert settings_of_run(run) == replace(unusual(), seed=5)  # nothing asked for: it goes on
    assert settings_of_run(run, file, seed=5) == settings_of_run(run)  # the same asked for again


@pytest.mark.parametrize(
    ("options", "difference"),
    [
        (["--seed", "2"], "seed 1, now 2"),
        (["--quick"], r"segmenter.stages[0].steps 350, now 4"),
        (["--settings", "mine.toml"], "segmenter.lesion_share 0.7, now 0.5"),
    ],
)
def test_other_settings_are_refused(options, difference, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text("[segmenter]\nlesion_share = 0.5\n")
    settings_of_run(tmp_path / "run")
    before = (tmp_path / "run/settings.toml").read_bytes()
    assert main(["train", "--cohort", "none", "--run", "run", *options]) == 1
    said = capsys.readouterr().err
    assert "run was begun with other settings" in said and difference in said
    assert "leave --settings, --quick and --seed out to go on with those in run/settings.toml" in said
    assert (tmp_path / "run/settings.toml").read_bytes() == before


def test_checkpoints_without_settings_are_not_gone_on_with(tmp_path):
    (tmp_path / "segmenter.pt").touch()
    with pytest.raises(ValueError, match=r"holds checkpoints, but no settings.toml"):
        settings_of_run(tmp_path)
    assert not (tmp_path / "settings.toml").exists()


def test_learning_rate_rises_over_the_warm_up_and_falls_to_a_hundredth():
    stage = Stage(1000, 64, 1, 2e-3, warmup_steps=10)
    assert learning_rate_at(stage, 0) == pytest.approx(2e-4)
    assert learning_rate_at(stage, 9) == pytest.approx(2e-3, rel=1e-3)
    assert learning_rate_at(stage, 1000) == pytest.approx(2e-5)
