"""The program cordline-models; `cordline-models COMMAND --help` explains each command."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import CLASSES


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="cordline-models",
        description="Draw phantoms; train, export, evaluate Cordline bundles. Research use only; not a medical device.",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    one = commands.add_parser("phantoms", help="draw a cohort, or with --study one case as a DICOM study")
    one.add_argument("--out", type=Path, required=True, help="folder to write")
    one.add_argument("--study", action="store_true", help="a DICOM study with several series; needs --label and --seed")
    one.add_argument("--series", action="store_true", help="like --study, but the sagittal T2w series alone")
    one.add_argument("--label", choices=CLASSES)
    one.add_argument("--seed", type=int)
    one.add_argument(
        "--oblique", action=argparse.BooleanOptionalAction, default=None, help="force tilted or straight sections"
    )
    one.add_argument("--splits", default="validation,train,test", help="which splits of a cohort to draw")
    one.add_argument("--cases", type=int, help="cases of each class in each split, instead of the standard numbers")
    one.add_argument("--processes", type=int, default=2)

    real = commands.add_parser("dicom", help="a sagittal T2w NIfTI volume as a DICOM series")
    real.add_argument("nifti", type=Path)
    real.add_argument("--out", type=Path, required=True, help="folder of the series")
    real.add_argument("--every-mm", type=float, default=3.0, help="distance between the sections taken")
    real.add_argument("--body-part", default="SPINE")

    two = commands.add_parser("train", help="train segmenter and classifiers on a cohort; goes on where it stopped")
    two.add_argument("--quick", action="store_true", help="a few steps each, to see that everything runs")
    two.add_argument("--begin-with", type=Path, metavar="RUN", help="an earlier run whose weights are the first ones")
    two.add_argument("--only", choices=("segmenter", "start", "classifiers"), help="a part, to run side by side")

    three = commands.add_parser(
        "export", help="trained networks to a bundle folder; thresholds from the validation split"
    )
    four = commands.add_parser("evaluate", help="run a bundle on a split: table of cases and figures with intervals")
    four.add_argument("--split", default="test")
    six = commands.add_parser("card", help="write the bundle's model card from its evaluation")
    six.add_argument("--run", type=Path, required=True)
    six.add_argument("--bundle", type=Path, required=True)
    six.add_argument("--real", type=Path, nargs="*", default=[], help="real healthy sagittal T2w NIfTI volumes to try")
    six.add_argument("--notes", type=Path, help="a text to add: what is particular about this training")
    six.add_argument("--threads", type=int, default=2)
    five = commands.add_parser("all", help="phantoms, train, export, evaluate")
    for command in (two, three, four, five):
        command.add_argument("--cohort", type=Path, required=True, help="folder with labels.csv, images/ and masks/")
        command.add_argument("--run", type=Path, required=True, help="folder of checkpoints, log and figures")
        command.add_argument("--threads", type=int, default=2)
    for command in (three, four, five):
        command.add_argument("--bundle", type=Path, required=True, help="bundle folder")
    for command in (two, five):
        command.add_argument("--seed", type=int, default=1)
    for command in (three, five):
        command.add_argument(
            "--kind", choices=("phantom", "patients"), default="phantom", help="what the cohort consists of"
        )
        command.add_argument("--description", default="", help="one sentence on the cohort, shown with every result")
        command.add_argument("--id", default="spinal-lesion-phantom", help="the bundle's id")
        command.add_argument("--bundle-version", default="0.1.0")
    five.add_argument("--processes", type=int, default=2)
    five.add_argument("--quick", action="store_true")
    return top


def phantoms(args: argparse.Namespace) -> None:
    if args.study or args.series:
        from .study import write_study

        if args.label is None or args.seed is None:
            raise ValueError("--study and --series need --label and --seed")
        truth = write_study(args.out, args.seed, args.label, args.study, args.oblique)
        print(f"{args.out}: {args.label}, {truth['volume_ml']} mL in {truth['sections_with_lesion']} sections")
        return
    from .cohort import COUNTS, write_phantoms

    counts = {split: dict(COUNTS[split]) for split in args.splits.split(",")}
    if args.cases:
        counts = {split: dict.fromkeys(by_class, args.cases) for split, by_class in counts.items()}
    total = sum(sum(by_class.values()) for by_class in counts.values())
    for done, _ in enumerate(write_phantoms(args.out, counts, args.processes), 1):
        print(f"\rdrawn {done} of {total}", end="", file=sys.stderr, flush=True)
    print(f"\n{args.out / 'labels.csv'}: {total} cases")


def dicom(args: argparse.Namespace) -> None:
    from .real_mr import write_real

    print(f"{args.out}: {write_real(args.nifti, args.out, args.body_part, args.every_mm)} sections")


def train(args: argparse.Namespace) -> None:
    from .learn import train_all

    only, earlier = getattr(args, "only", None), getattr(args, "begin_with", None)
    train_all(args.cohort, args.run, args.seed, args.threads, args.quick, only, earlier)


def export(args: argparse.Namespace) -> None:
    from .learn import export_all

    export_all(
        args.cohort, args.run, args.bundle, args.kind, args.description, args.id, args.bundle_version, args.threads
    )


def evaluate(args: argparse.Namespace) -> None:
    from .bundle import Settings
    from .evaluate import as_markdown, figures, write_table
    from .evaluate import evaluate as run
    from .pipeline import Bundle

    settings = Settings.of_bundle(args.bundle)
    split = getattr(args, "split", "test")
    rows = list(run(Bundle(args.bundle, args.threads), args.cohort, split, settings, args.run / "maps"))
    write_table(args.run / f"{split}.csv", rows)
    text = as_markdown(figures(rows, settings))
    (args.run / f"{split}.md").write_text(text)
    print(text)


def card(args: argparse.Namespace) -> None:
    from .card import write_card

    notes = args.notes.read_text() if args.notes else ""
    write_card(args.run, args.bundle, args.real, notes, args.threads)
    print(args.bundle / "CARD.md")


def everything(args: argparse.Namespace) -> None:
    from .cohort import COUNTS, write_phantoms

    if not (args.cohort / "labels.csv").is_file():
        for _ in write_phantoms(args.cohort, COUNTS, args.processes):
            pass
    train(args)
    export(args)
    evaluate(args)


def main(arguments: list[str] | None = None) -> int:
    args = parser().parse_args(arguments)
    commands = {
        "phantoms": phantoms,
        "dicom": dicom,
        "train": train,
        "export": export,
        "evaluate": evaluate,
        "card": card,
        "all": everything,
    }
    try:
        commands[args.command](args)
    except (ValueError, FileNotFoundError, RuntimeError) as error:
        print(f"cordline-models: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
