"""A bench's table: ours beside the peers', the bar, and whether it holds; as JSON where asked.

Absolute times mean little on a shared machine: rows give counts, bytes and ratios taken in one run.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measure. `holds` is None where there is no bar, or where the peer is not at hand."""

    measure: str
    peer: str
    ours: str
    bar: str
    holds: bool | None
    value: float | None = None
    """Our figure as a number, in the unit that `ours` names."""


def show(title: str, rows: Sequence[Row]) -> None:
    """Print the table, then one JSON line where JSON=1."""
    headings = ("measure", "peer", "here", "bar", "holds")
    show_grid(title, headings, [(row.measure, row.peer, row.ours, row.bar, _word(row.holds)) for row in rows])
    if os.environ.get("JSON"):
        print(json.dumps({"title": title, "rows": [asdict(row) for row in rows]}), flush=True)


def show_grid(title: str, headings: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """Print a table of any columns, as Markdown whose columns stand below each other."""
    widths = [max(len(line[column]) for line in [headings, *cells]) for column in range(len(headings))]
    print(f"\n{title}\n")
    for line in [headings, tuple("-" * width for width in widths), *cells]:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |", flush=True)


def _word(holds: bool | None) -> str:
    match holds:
        case True:
            return "yes"
        case False:
            return "NO"
        case None:
            return "-"
