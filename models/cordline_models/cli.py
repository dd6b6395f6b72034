"""The program cordline-models; `cordline-models COMMAND --help` explains each command.

A command is one function here, and one more that names its options. What a command needs is imported when it runs, so
that drawing needs no PyTorch.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import CLASSES


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit code of the process."""
    args = parser().parse_args(arguments)
    try:
        args.command(args)
    except (ValueError, FileNotFoundError, RuntimeError) as error:
        print(f"cordline-models: {error}", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="cordline-models",
        description="Draw phantoms; train, export, evaluate Cordline bundles. Research use only; not a medical device.",
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command, help_: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=help_, description=help_)
        one.set_defaults(command=command)
        return one

    phantoms_options(add("phantoms", phantoms, "draw a cohort, or with --study one case as a DICOM study"))
    dicom_options(add("dicom", dicom, "a sagittal T2w NIfTI volume as a DICOM series"))
    train_options(add("train", train, "train segmenter and classifiers on a cohort; goes on where it stopped"))
    export_options(add("export", export, "trained networks to a bundle folder; thresholds from the validation split"))
    complete_options(
        add("complete", complete, "half graphs, golden data and manifest anew, from a bundle's own networks")
    )
    evaluate_options(add("evaluate", evaluate, "run a bundle on a split: table of cases and figures with intervals"))
    precision_options(add("precision", precision, "a fast evaluation beside the exact one: the card's section on it"))
    card_options(add("card", card, "write the bundle's model card from its evaluation"))
    all_options(add("all", all_, "phantoms, train, export, evaluate"))
    return top


def phantoms_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--out", type=Path, required=True, help="folder to write")
    command.add_argument(
        "--study", action="store_true", help="a DICOM study with several series; needs --label and --seed"
    )
    command.add_argument("--series", action="store_true", help="like --study, but the sagittal T2w series alone")
    command.add_argument("--label", choices=CLASSES)
    command.add_argument("--seed", type=int)
    command.add_argument(
        "--oblique", action=argparse.BooleanOptionalAction, default=None, help="force tilted or straight sections"
    )
    command.add_argument("--splits", default="validation,train,test", help="which splits of a cohort to draw")
    command.add_argument("--cases", type=int, help="cases of each class in each split, instead of the standard numbers")
    add_processes(command)


def phantoms(args: argparse.Namespace) -> None:
    if args.study or args.series:
        from .phantom.study import write_study

        if args.label is None or args.seed is None:
            raise ValueError("--study and --series need --label and --seed")
        truth = write_study(args.out, args.seed, args.label, args.study, args.oblique)
        print(f"{args.out}: {args.label}, {truth['volume_ml']} mL in {truth['sections_with_lesion']} sections")
        return
    from .phantom.cohort import COUNTS, MOST_CASES, write_phantoms

    splits = args.splits.split(",")
    if unknown := [split for split in splits if split not in COUNTS]:
        raise ValueError(f"--splits: {unknown[0]!r} is none of {', '.join(COUNTS)}")
    counts = {split: dict(COUNTS[split]) for split in splits}
    if args.cases is not None:
        if not 1 <= args.cases <= MOST_CASES:
            raise ValueError(f"--cases is 1 to {MOST_CASES}, not {args.cases}")
        counts = {split: dict.fromkeys(by_class, args.cases) for split, by_class in counts.items()}
    total = sum(sum(by_class.values()) for by_class in counts.values())
    for done, _ in enumerate(write_phantoms(args.out, counts, args.processes), 1):
        print(f"\rdrawn {done} of {total}", end="", file=sys.stderr, flush=True)
    print(f"\n{args.out / 'labels.csv'}: {total} cases")


def dicom_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("nifti", type=Path)
    command.add_argument("--out", type=Path, required=True, help="folder of the series")
    command.add_argument("--every-mm", type=float, default=3.0, help="distance between the sections taken")
    command.add_argument("--body-part", default="SPINE")


def dicom(args: argparse.Namespace) -> None:
    from .phantom.nifti_to_dicom import nifti_to_dicom

    print(f"{args.out}: {nifti_to_dicom(args.nifti, args.out, args.body_part, args.every_mm)} sections")


def train_options(command: argparse.ArgumentParser) -> None:
    add_cohort_and_run(command)
    add_settings(command)
    command.add_argument("--begin-with", type=Path, metavar="RUN", help="an earlier run whose weights are the first")
    command.add_argument("--only", choices=("segmenter", "start", "classifiers"), help="a part, to run side by side")


def train(args: argparse.Namespace) -> None:
    from .training.run import train_all
    from .training.settings_file import settings_of_run

    settings = settings_of_run(args.run, args.settings, args.quick, args.seed)
    train_all(args.cohort, args.run, settings, args.threads, args.only, args.begin_with)


def export_options(command: argparse.ArgumentParser) -> None:
    add_cohort_and_run(command)
    add_bundle(command)
    add_identity(command)


def export(args: argparse.Namespace) -> None:
    from .bundle.manifest import BundleSettings
    from .training.run import export_all

    settings = BundleSettings(cohort_kind=args.kind, cohort=args.description or f"{args.kind} cohort")
    export_all(args.cohort, args.run, args.bundle, settings, args.id, args.bundle_version, args.threads)


def complete_options(command: argparse.ArgumentParser) -> None:
    add_bundle(command)
    command.add_argument("--bundle-version", help="of the bundle from now on")
    command.add_argument("--threads", type=int, default=2)


def complete(args: argparse.Namespace) -> None:
    from .bundle.complete import complete_again

    complete_again(args.bundle, args.bundle_version, args.threads)


def evaluate_options(command: argparse.ArgumentParser) -> None:
    add_cohort_and_run(command)
    add_bundle(command)
    command.add_argument("--split", default="test")
    add_openvino(command)
    command.add_argument("--precision", choices=("f32", "bf16", "f16"), default="f32", help="of OpenVINO")


def evaluate(args: argparse.Namespace) -> None:
    from .bundle import evaluate as evaluation
    from .bundle.inference import Bundle
    from .bundle.manifest import BundleSettings

    settings = BundleSettings.of_bundle(args.bundle)
    name, provider = args.split, None
    if args.openvino:
        from .bundle.openvino import OpenVino

        name, provider = f"{args.split}.{args.precision}", OpenVino(args.openvino, args.precision)
    bundle = Bundle(args.bundle, args.threads, provider)
    rows = list(evaluation.evaluate(bundle, args.cohort, args.split, settings, args.run / "maps"))
    evaluation.write_table(args.run / f"{name}.csv", rows)
    text = evaluation.as_markdown(evaluation.figures(rows, settings))
    (args.run / f"{name}.md").write_text(text)
    print(text)


def precision_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--run", type=Path, required=True, help="folder with test.csv and test.bf16.csv")
    add_bundle(command)
    add_openvino(command)
    command.add_argument("--threads", type=int, default=2)


def precision(args: argparse.Namespace) -> None:
    from .bundle import precision as precisions
    from .bundle.manifest import BundleSettings

    settings = BundleSettings.of_bundle(args.bundle)
    if args.openvino:
        rows = precisions.measure(args.bundle, args.openvino, settings, args.threads)
        precisions.write_measured(args.run / "golden.csv", rows)
    text = precisions.section(args.run, settings)
    path = args.bundle / "CARD.md"
    path.write_text(precisions.put_into(path.read_text(), text))
    print(text)


def card_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--run", type=Path, required=True)
    add_bundle(command)
    command.add_argument(
        "--real", type=Path, nargs="*", default=[], help="real healthy sagittal T2w NIfTI volumes to try"
    )
    command.add_argument("--notes", type=Path, help="a text to add: what is particular about this training")
    command.add_argument("--threads", type=int, default=2)


def card(args: argparse.Namespace) -> None:
    from .bundle.card import write_card

    notes = args.notes.read_text() if args.notes else ""
    write_card(args.run, args.bundle, args.real, notes, args.threads)
    print(args.bundle / "CARD.md")


def all_options(command: argparse.ArgumentParser) -> None:
    add_cohort_and_run(command)
    add_settings(command)
    add_bundle(command)
    add_identity(command)
    add_processes(command)
    command.set_defaults(begin_with=None, only=None, split="test", openvino=None)


def all_(args: argparse.Namespace) -> None:
    from .phantom.cohort import COUNTS, write_phantoms

    if not (args.cohort / "labels.csv").is_file():
        for _ in write_phantoms(args.cohort, COUNTS, args.processes):
            pass
    train(args)
    export(args)
    evaluate(args)


def add_cohort_and_run(command: argparse.ArgumentParser) -> None:
    command.add_argument("--cohort", type=Path, required=True, help="folder with labels.csv, images/ and masks/")
    command.add_argument("--run", type=Path, required=True, help="folder of checkpoints, log and figures")
    command.add_argument("--threads", type=int, default=2)


def add_settings(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--settings", type=Path, metavar="FILE.toml", help="hyper-parameters; RUN/settings.toml shows all of them"
    )
    command.add_argument("--quick", action="store_true", help="a few steps each, to see that everything runs")
    command.add_argument("--seed", type=int, help="instead of the seed of the settings, which is 1 by default")


def add_bundle(command: argparse.ArgumentParser) -> None:
    command.add_argument("--bundle", type=Path, required=True, help="bundle folder")


def add_openvino(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--openvino", type=Path, metavar="FOLDER", help="run on OpenVINO: the folder of its plug-in for ONNX Runtime"
    )


def add_identity(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--kind", choices=("phantom", "patients"), default="phantom", help="what the cohort consists of"
    )
    command.add_argument("--description", default="", help="one sentence on the cohort, shown with every result")
    command.add_argument("--id", default="spinal-lesion-phantom", help="the bundle's id")
    command.add_argument("--bundle-version", default="0.1.0")


def add_processes(command: argparse.ArgumentParser) -> None:
    command.add_argument("--processes", type=int, default=2)
