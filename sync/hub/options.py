"""Options: what the hub's commands have in common."""

import json
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from sync.hub.hub import Hub

DATA = click.option(
    "--data",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="The hub's data folder.",
)
DATABASE = click.option(
    "--database",
    metavar="URL",
    envvar="QANAT_HUB_DATABASE",
    help="The hub's database, such as postgresql://qanat@/qanat; a file in DIR if not given.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of words.")


@contextmanager
def opened(data: Path, database: str | None, *, may_be_new: bool = False) -> Iterator["Hub"]:
    """The hub in this folder, for as long as a command works on it.

    Raises CallerFault where there is none and the command is not one that begins a hub: a mistyped name makes nothing.
    """
    from catalog.fault import CallerFault
    from sync.clock import SystemClock
    from sync.hub.hub import KEY_FILE, Hub

    if not may_be_new and not (data / KEY_FILE).exists() and not (data / "hub.db").exists():
        raise CallerFault(
            f"There is no hub in {data}.", "Check --data; `qanat hub serve` makes a new hub in an empty folder."
        )
    hub = Hub.open(data, SystemClock(), secrets.token_bytes, database)
    try:
        yield hub
    finally:
        hub.close()


@contextmanager
def bar(label: str) -> Iterator[Any]:
    """A bar on stderr while somebody watches; silence otherwise."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=1, label=label, file=sys.stderr) as shown:

        def show(done: int, total: int) -> None:
            shown.length = total
            shown.update(done - shown.pos)

        yield show


def print_json(document: Any) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def moment(wall_seconds: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(wall_seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def counted(number: int, noun: str) -> str:
    """So many of something.

    >>> counted(1, "box"), counted(2, "event")
    ('1 box', '2 events')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}{'es' if noun.endswith('x') else 's'}"


def sized(size_bytes: int) -> str:
    """A size, as a command prints it.

    >>> sized(0), sized(5_100), sized(5_100_000)
    ('0 B', '5.1 kB', '5.1 MB')
    """
    if not size_bytes:
        return "0 B"
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 1_000_000 else f"{size_bytes / 1e3:.1f} kB"
