"""Figures beside what is wanted of them, as a Markdown table."""

import os

Figure = tuple[str, str, bool]
"""Measured, wanted, reached."""


def most(value: float, limit: float, form: str) -> Figure:
    """A figure that may be at most `limit`."""
    return form.format(value), "<= " + form.format(limit), value <= limit


def least(value: float, limit: float, form: str) -> Figure:
    """A figure that may be no less than `limit`."""
    return form.format(value), ">= " + form.format(limit), value >= limit


def told(value: float, form: str) -> Figure:
    """A figure of which nothing was wanted."""
    return form.format(value), "", True


def show(title: str, figures: dict[str, Figure], note: str = "") -> None:
    """Prints the table."""
    load = f"{os.cpu_count()} processors, load {os.getloadavg()[1]:.1f}"
    print(f"\n### {title}\n\n{load}{note and ', ' + note}\n")
    show_figures(figures)


def show_figures(figures: dict[str, Figure]) -> None:
    """Prints the rows alone, under their heads."""
    print("| figure | measured | wanted | |\n|---|---:|---:|---|")
    for what, (measured, wanted, reached) in figures.items():
        verdict = ("reached" if reached else "MISSED") if wanted else ""
        print(f"| {what} | {measured} | {wanted} | {verdict} |")
