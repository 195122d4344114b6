"""`make soak`: the harnesses for as long as there is time, going on where they stopped the last time.

* How far each part is is written down every few seconds: an interrupted soak loses seconds, not its place.
* A part that ends adds one line to docs/soak.md: from which run to which, how many failed, at which commit.
* Each failure is printed with the command to see it again; then the soak ends with 1.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from catalog.fault import Fault
from sync.clock import SystemClock
from tests.soak.log import Line, added, reached
from tests.soak.parts import Part, parts
from tests.soak.standing import Standing, Standings

ROOT = Path(__file__).parents[2]
STATE = ROOT / "build" / "soak" / "state.json"
LOG = ROOT / "docs" / "soak.md"
MINUTES = 30.0
KEPT_EACH_SECONDS = 5.0
DRAWN_EACH_SECONDS = 0.5
BAR_LETTERS = 30


@click.command()
@click.argument("names", nargs=-1, metavar="[PART]...")
@click.option("--minutes", default=MINUTES, show_default=True, help="How long, shared among the parts.")
@click.option("--state", default=STATE, type=click.Path(path_type=Path), help="The file that says how far they are.")
@click.option("--log", default=LOG, type=click.Path(path_type=Path), help="The table that gets a line for each part.")
def main(names: tuple[str, ...], minutes: float, state: Path, log: Path) -> None:
    """Run these parts, or all of them."""
    there = parts()
    unknown = [name for name in names if name not in there]
    if unknown:
        raise click.UsageError(f"There is no part {unknown[0]!r}. There are: {', '.join(there)}.")
    try:
        failures = soak([there[name] for name in names or there], minutes * 60, Standings(state), log)
    except Fault as fault:
        raise click.ClickException(str(fault)) from fault
    sys.exit(1 if failures else 0)


def soak(chosen: Sequence[Part], seconds: float, standings: Standings, log: Path) -> int:
    """Run the parts one after the other, each for its share of the time that is left. Returns how many runs failed."""
    ends = time.monotonic() + seconds
    failures = 0
    for number, part in enumerate(chosen):
        share_seconds = (ends - time.monotonic()) / (len(chosen) - number)
        text = log.read_text() if log.exists() else ""
        standings.begin(part.name, reached(text, part.name))
        before = standings.of(part.name)
        after = Watched(part, standings, share_seconds).run()
        failed = after.failures - before.failures
        line = Line(_today(), part.name, before.next, after.next, part.goal, part.noun, failed, _commit())
        log.write_text(added(log.read_text() if log.exists() else "", line))
        failures += failed
    return failures


class Watched:
    """One part while it runs: its progress bar, its failures, and how far it is."""

    def __init__(self, part: Part, standings: Standings, seconds: float) -> None:
        self._part = part
        self._standings = standings
        self._began = time.monotonic()
        self._ends = self._began + seconds
        self._first = self._now = standings.of(part.name)
        self._kept = self._drawn = 0.0

    def run(self) -> Standing:
        """Run until the time is over. Returns how far it is."""
        try:
            next_number = self._part.run(self._first.next, self._is_over, self._hear)
            self._now = Standing(next_number, self._now.failures)
        finally:
            self._standings.keep(self._part.name, self._now)
            self._draw()
            click.echo(err=True)
        return self._now

    def _is_over(self) -> bool:
        return time.monotonic() >= self._ends

    def _hear(self, number: int, failure: str) -> None:
        self._now = Standing(max(self._now.next, number + 1), self._now.failures + bool(failure))
        if failure:
            click.echo(f"\r\033[K{self._part.name} {number} failed: {failure}")
        now = time.monotonic()
        if failure or now - self._kept >= KEPT_EACH_SECONDS:
            self._kept = now
            self._standings.keep(self._part.name, self._now)
        if now - self._drawn >= DRAWN_EACH_SECONDS:
            self._drawn = now
            self._draw()

    def _draw(self) -> None:
        part, now = self._part, self._now
        full = min(BAR_LETTERS, BAR_LETTERS * now.next // part.goal)
        passed_seconds = max(0.001, time.monotonic() - self._began)
        rate = (now.next - self._first.next) / passed_seconds
        bar = "#" * full + "." * (BAR_LETTERS - full)
        words = f"{part.name} [{bar}] {now.next:,} of {part.goal:,} {part.noun}, {rate:.1f} a second"
        click.echo(f"\r\033[K{words}, {now.failures} failed", nl=False, err=True)


def _today() -> str:
    return datetime.fromtimestamp(SystemClock().now().wall_seconds, UTC).date().isoformat()


def _commit() -> str:
    """The commit, with a + where the checkout is not as it was committed; - where there is no git."""
    said = [
        subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
        for words in (("rev-parse", "--short", "HEAD"), ("status", "--porcelain", "-uno"))
    ]
    return f"{said[0]}+" if said[1] else said[0] or "-"


if __name__ == "__main__":
    main()
