"""Judging cuts: what a start finds on each disk that a power cut left, and whether that may be.

* What is found is read by the SQLite that boxes run on, not by the one that films.
* Every few cuts the database is also opened by its owner, which must be able to bring its tables up to date from there;
  and every few the power fails once more, while SQLite mends what the first cut left.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw

from catalog.fault import Fault
from tests.power.disk import Cut, cuts, drawn
from tests.power.replay import Film, contents_of, recovered

Start = Callable[[Path], None]
"""Opens the database as its owner does, and closes it again. Raises a Fault where it cannot."""

STARTED_EACH = 8
CUT_AGAIN_EACH = 4


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong after a cut.

    `kind` is "lost" (acknowledged and gone), "damaged" (SQLite says so), "mixed" (no commit left this), "changed" (a
    second cut in the recovery left something else than the first) or "dead" (its owner cannot open it).
    """

    database: str
    cut: Cut
    kind: str
    words: str

    def __str__(self) -> str:
        return f"{self.database}: {self.kind}, {self.cut}: {self.words}"


def judged(
    film: Film, places: Sequence[int], seed: int, memory: Path, start: Start | None = None, first: int = 0
) -> list[Complaint]:
    """Cut the power at these places, and complain of each disk that is not as promised.

    `memory` is a folder for the disks; `first` is the number of the first cut, where this goes on with a count.
    """
    complaints = []
    for number, cut in enumerate(cuts(film.acts, places, seed), first):
        starts = start if number % STARTED_EACH == 0 else None
        found = _found(film, cut, memory, starts, cut_again=number % CUT_AGAIN_EACH == 1)
        complaints += [Complaint(film.name, cut, kind, words) for kind, words in found]
    return complaints


def _found(film: Film, cut: Cut, memory: Path, start: Start | None, *, cut_again: bool) -> Iterator[tuple[str, str]]:
    path = memory / film.name
    try:
        contents, integrity = found_after(cut, film.name, memory)
        if integrity != "ok":
            yield "damaged", integrity
        elif contents not in (wanted := film.may_be_found(cut.at)):
            number = film.commit_of(contents)
            promised = f"{min(wanted.values())} were acknowledged"
            yield ("mixed", "no commit left this") if number is None else ("lost", f"{number} commits, {promised}")
        elif cut_again:
            yield from _after_a_second_cut(film.name, cut, memory, contents)
        elif start is not None:
            start(path)
    except (sqlite3.Error, apsw.Error) as error:
        yield "damaged", str(error)
    except Fault as fault:
        yield "dead", fault.sentence


def _after_a_second_cut(name: str, cut: Cut, memory: Path, wanted: str) -> Iterator[tuple[str, str]]:
    _lay_out(cut, memory)
    acts = recovered(name, memory)
    for second in cuts(acts, drawn(2, 0, len(acts), cut.seed + cut.at), cut.seed + cut.at, cut.files):
        if (wanted, "ok") != (found := found_after(second, name, memory)):
            yield "changed", f"{second} in the recovery ({found[1]})"


def found_after(cut: Cut, name: str, memory: Path) -> tuple[str, str]:
    """All that the database holds after a cut, and what SQLite says of it. Its files are left in `memory`."""
    _lay_out(cut, memory)
    with closing(sqlite3.connect(memory / name, isolation_level=None)) as connection:  # noqa: TID251 - as a stranger
        integrity = connection.execute("pragma integrity_check").fetchone()[0]
        return (contents_of(connection.execute), integrity) if integrity == "ok" else ("", integrity)


def _lay_out(cut: Cut, memory: Path) -> None:
    for left in memory.iterdir():
        left.unlink()
    cut.written_to(memory)
