"""Sweeps: the power goes at many moments, drawn from a seed; `make soak-image`.

* First starts: cut at a drawn moment, some twice; then a whole start, and one more. The same box both times, its data
  partition grown, its file system whole; a card that does not start is a failure, and stays for a look.
* Updates: the same software in the other slot, cut at a drawn moment of its trial; then whole starts until one is well.
* A failure names its seed and number: `--only NUMBER` does it again.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.image.board import Board
from tests.image.card import DATA_MIB, MIB, Card
from tests.image.story import card_identity, put_update

FIRST_SECONDS = (1.0, 40.0)
"""A cut before the first page: from the loader's first second to about where the box is open, emulated."""
TRIAL_SECONDS = (1.0, 50.0)
SLACK_MIB = 64


def main() -> int:
    options = _options()
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        image = options.image or _built(options.arch, Path(folder))
        for name, count, story in (("first start", options.firsts, first_start), ("update", options.updates, update)):
            for number in range(count):
                if options.only is not None and options.only != number:
                    continue
                place = Path(folder) / f"{name.replace(' ', '-')}-{number}"
                place.mkdir()
                failures += _tried(name, number, options, image, place, story)
    print(f"{failures} failed" if failures else "all hold")
    return 1 if failures else 0


Story = Callable[[Board, random.Random], str]


def first_start(board: Board, drawn: random.Random) -> str:
    """Cut a first start, and see what becomes of the card."""
    cuts = [drawn.uniform(*FIRST_SECONDS) for _ in range(drawn.choice((1, 1, 2)))]
    for seconds in cuts:
        board.start()
        time.sleep(seconds)
        board.cut()
    with board:
        board.page()
    before = card_identity(Card(board.disk))
    with board:
        board.page()
    card = Card(board.disk)
    assert card_identity(card) == before, "it is another box than before"
    assert card.data_bytes() > board.disk.stat().st_size - (DATA_MIB + SLACK_MIB) * MIB, "the data has not grown"
    assert card.is_whole(), "the data partition is not whole"
    return "cut at " + ", ".join(f"{seconds:.1f} s" for seconds in cuts)


def update(board: Board, drawn: random.Random) -> str:
    """Cut the trial of an update, and see which software starts."""
    with board:
        board.page()
    before = card_identity(Card(board.disk))
    put_update(board)
    seconds = drawn.uniform(*TRIAL_SECONDS)
    board.start()
    time.sleep(seconds)
    board.cut()
    with board:
        board.page()
    names = sorted(board.start_files("loader/entries"))
    assert card_identity(Card(board.disk)) == before, "it is another box than before"
    assert "qanat-a.conf" in names, "the old software is gone"
    return f"cut at {seconds:.1f} s; {' '.join(names)}"


def _tried(name: str, number: int, options: argparse.Namespace, image: Path, place: Path, story: Story) -> int:
    board = Board.with_card(options.arch, image, place)
    began = time.monotonic()
    try:
        said = story(board, random.Random(f"{options.seed}-{name}-{number}"))
    except (AssertionError, subprocess.SubprocessError, OSError) as error:
        board.cut()
        print(f"{name} {number} of seed {options.seed}: FAILED: {error}\nits card: {board.disk}", flush=True)
        return 1
    print(f"{name} {number}: holds; {said} ({time.monotonic() - began:.0f} s)", flush=True)
    board.disk.unlink()
    return 0


def _built(arch: str, folder: Path) -> Path:
    out = folder / f"{arch}.img"
    command: Sequence[str | Path] = [sys.executable, "-m", "provisioning", "provision", "image", "build"]
    subprocess.run([*command, "--arch", arch, "--out", out], check=True)
    return out


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arch", choices=["amd64", "arm64"], default="amd64")
    parser.add_argument("--image", type=Path, help="an image that is there already")
    parser.add_argument("--firsts", type=int, default=30)
    parser.add_argument("--updates", type=int, default=20)
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--only", type=int)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
