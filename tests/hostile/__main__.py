"""`python -m tests.hostile NUMBER`: see a case again. Without --count it is told how it ended, case by case.

* This is also the process in which cases are judged: it says each number and its complaint in a line of JSON.
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from tests.hostile.cases import case_of
from tests.hostile.doors import NAMES, Door, name_of, opened
from tests.hostile.judge import Judge
from tests.hostile.planted import MISTAKES, planted

MEMORY = Path("/dev/shm")


@click.command()
@click.argument("first", type=int)
@click.option("--count", default=1, show_default=True, help="How many cases.")
@click.option("--step", default=1, show_default=True, help=f"How far apart; {len(NAMES)} stays at one door.")
@click.option("--mistake", type=click.Choice(sorted(MISTAKES)), help="With this mistake planted, until it is found.")
@click.option("--json", "as_json", is_flag=True, help="A line of JSON for each case.")
@click.option(
    "--save", type=click.Path(path_type=Path), help="Write the case's bytes to this file, and do not judge it."
)
def main(first: int, count: int, step: int, mistake: str | None, *, as_json: bool, save: Path | None) -> None:
    """Judge cases from number FIRST on."""
    sys.dont_write_bytecode = True
    folder = Path(tempfile.mkdtemp(prefix="qanat-hostile-", dir=MEMORY if MEMORY.is_dir() else None))
    numbers = range(first, first + count * step, step)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        doors = {name: _door(name, folder) for name in {name_of(number) for number in numbers}}
        for door in doors.values():
            stack.callback(door.close)
        if save is not None:
            case = case_of(doors[name_of(first)], first)
            save.write_bytes(case.data)
            click.echo(f"{name_of(first)}, {case.kind}: {case.story}")
            return
        if mistake is not None:
            stack.enter_context(planted(mistake))
        _judged(doors, numbers, folder, as_json=as_json, is_search=mistake is not None)


def _judged(doors: dict[str, Door], numbers: Sequence[int], folder: Path, *, as_json: bool, is_search: bool) -> None:
    judges: dict[str, Judge] = {}
    for number in numbers:
        name = name_of(number)
        # Made when it is needed: what a judge holds against a case is what came after it began.
        judge = judges[name] = judges.get(name) or Judge(doors[name], folder / "rooms" / name)
        complaint = judge.complaint(number)
        click.echo(
            json.dumps([number, complaint])
            if as_json
            else f"{number}: {complaint or ('taken' if judge.is_taken else 'refused')}"
        )
        if complaint and is_search:
            return


def _door(name: str, folder: Path) -> Door:
    home = folder / "homes" / name
    home.mkdir(parents=True)
    return opened(name, home)


if __name__ == "__main__":
    main()
