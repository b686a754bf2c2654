"""How statuses, cases, counts and tables are set in every text, and in which order verdicts are told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pytest_ascendperf.model.verdict import Status, Verdict

BAD_NEWS_FIRST: tuple[Status, ...] = (
    Status.REGRESSED,
    Status.INVALID,
    Status.NOT_COMPARABLE,
    Status.INCONCLUSIVE,
    Status.PROVISIONAL,
    Status.NO_BASELINE,
    Status.IMPROVED,
    Status.PASS,
)
"""What a reader of a nightly log looks for first: slower code, then what could not be judged, then the rest."""

ABSENT = "-"
"""What a table shows where there is no number."""


def status_word(status: Status) -> str:
    """The status in words: ``NOT COMPARABLE``."""
    return status.name.replace("_", " ")


def counted(number: int, noun: str) -> str:
    """``1 case``, ``2 cases``, ``1,200 cases``."""
    plural = "es" if noun.endswith(("s", "x", "ch", "sh")) else "s"
    return f"{number:,} {noun}{'' if number == 1 else plural}"


def first_of(names: Sequence[object]) -> str:
    """The first name, and how many others there are: ``a.py::t and 2 others``."""
    others = f" and {counted(len(names) - 1, 'other')}" if len(names) > 1 else ""
    return f"{names[0]}{others}"


def printable(text: object) -> str:
    """``text`` on one line, what cannot be printed spelled out: names are their author's, a row must stay a row."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in str(text)
    )


def bad_news_first(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """``verdicts`` by ``BAD_NEWS_FIRST``; slower code by its change, largest first; else in the order given."""

    def key(verdict: Verdict) -> tuple[int, float]:
        decisive = verdict.decisive
        slower = decisive.change if decisive is not None and verdict.status is Status.REGRESSED else 0.0
        return BAD_NEWS_FIRST.index(verdict.status), -slower

    return sorted(verdicts, key=key)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of equal length as lines of equal width, columns two spaces apart and flush right."""
    from tabulate import tabulate

    # Cells are text already: a number in them must come out as it went in.
    lines = tabulate(rows, tablefmt="plain", disable_numparse=True, stralign="right").splitlines()
    width = max(map(len, lines), default=0)
    return [f"{line:>{width}}" for line in lines]
