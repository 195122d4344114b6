"""`python -m tests.hostile.guided DOOR`: atheris looks for inputs that reach code which no input reached before.

* It begins with the door's own samples; the first byte of an input says in which kind it comes.
* What it finds is judged as every other case is. A finding ends the run with the input, and is kept as a named test in
  tests/hostile/found.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random

import atheris
import click
import pytest

from tests.hostile.doors import HOMES, Case, Door, opened
from tests.hostile.judge import Judge
from tests.hostile.planted import MISTAKES

OURS = ["catalog", "sync", "edge"]
SAMPLES_EACH = 4
INPUT_BYTES_MAX = 64 << 10
INPUT_SECONDS_MAX = 60


@click.command()
@click.argument("name", type=click.Choice(list(HOMES)), metavar="DOOR")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--runs", default=2_000, show_default=True, help="How many inputs.")
@click.option("--seed", default=1, show_default=True)
@click.option("--mistake", type=click.Choice(sorted(MISTAKES)), help="With this mistake planted: it should be found.")
def main(name: str, folder: Path, runs: int, seed: int, mistake: str | None) -> None:
    """Try inputs at a door. FOLDER gets an input that is a finding; the process ends with 77 then."""
    sys.dont_write_bytecode = True
    home = folder / "home"
    home.mkdir()
    with atheris.instrument_imports(include=OURS):
        door = opened(name, home)
    corpus = _samples(door, folder / "corpus")
    if mistake is not None:
        MISTAKES[mistake](pytest.MonkeyPatch())
    judge = Judge(door, folder / "room")

    def once(data: bytes) -> None:
        kind = door.kinds[data[0] % len(door.kinds)] if data else door.kinds[0]
        if complaint := judge.complaint_of(Case(kind, data[1:], "found by coverage")):
            raise AssertionError(f"{kind}: {complaint}")

    options = [
        f"-runs={runs}", f"-seed={seed}", f"-max_len={INPUT_BYTES_MAX}", f"-timeout={INPUT_SECONDS_MAX}",
        "-rss_limit_mb=0", f"-artifact_prefix={folder}/", "-print_final_stats=1", str(corpus),
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *options], once)
    atheris.Fuzz()  # ends the process by itself


def _samples(door: Door, corpus: Path) -> Path:
    corpus.mkdir()
    for place, kind in _places(door.kinds):
        for seed in range(SAMPLES_EACH):
            data, _ = door.sample(kind, Random(seed))
            (corpus / f"{place}-{seed}").write_bytes(bytes([place]) + data[: INPUT_BYTES_MAX - 1])
    return corpus


def _places(kinds: Sequence[str]) -> list[tuple[int, str]]:
    return [(place, kind) for place, kind in enumerate(kinds) if kind not in kinds[:place]]


if __name__ == "__main__":
    main()
