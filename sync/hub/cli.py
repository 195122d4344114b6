"""`qanat hub`: serve a hub, publish courses, make tokens, see the boxes.

* Every command works on the folder itself, and beside a hub that is serving it.
* Heavy imports live inside the commands.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from sync.hub.by_hand import Done
    from sync.hub.fleet import BoxState
    from sync.hub.hub import Hub

_DATA = click.option(
    "--data",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="The hub's data folder.",
)
_DATABASE = click.option(
    "--database",
    metavar="URL",
    envvar="QANAT_HUB_DATABASE",
    help="The hub's database, such as postgresql://qanat@/qanat; a file in DIR if not given.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of words.")


@click.group()
def hub() -> None:
    """The hub: publishes courses, takes progress in, knows the boxes."""


@hub.command()
@_DATA
@click.option("--host", metavar="ADDRESS", default="0.0.0.0", show_default=True, help="Address to listen on.")  # noqa: S104
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8080, show_default=True, help="Port; 0 takes a free one."
)
@_DATABASE
@click.option(
    "--upload-max", type=click.IntRange(1), metavar="MB", help="The largest upload, in MB; 8,589 if not given."
)
@click.option("--behind-proxy", is_flag=True, help="nginx with TLS stands before the hub and states who asks.")
def serve(
    data: Path, host: str, port: int, database: str | None, upload_max: int | None, *, behind_proxy: bool
) -> None:
    """Serve the hub until it is told to stop. An empty folder becomes a new hub."""
    from sync.hub.hub import UPLOAD_BYTES_MAX
    from sync.hub.serve import serve as serve_hub

    serve_hub(
        data,
        click.echo,
        host=host,
        port=port,
        database_url=database,
        upload_bytes_max=upload_max * 1_000_000 if upload_max else UPLOAD_BYTES_MAX,
        is_behind_proxy=behind_proxy,
    )


@hub.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...", type=click.Path(path_type=Path))
@_DATA
@_DATABASE
@click.option("--course", metavar="NAME", help="The course's short name; made from its title if not given.")
@click.option("--title", metavar="TEXT", help="The course's title; taken from the source if not given.")
@click.option("--language", metavar="TAG", default="en", show_default=True, help="The language of the course.")
@_JSON
def publish(
    sources: tuple[Path, ...],
    data: Path,
    database: str | None,
    course: str | None,
    title: str | None,
    language: str,
    *,
    as_json: bool,
) -> None:
    """Publish SOURCEs (a folder, a zip, films, captions, PDFs) as the next release of one course, ready for boxes."""
    with _opened(data, database) as one, _bar() as progress:
        published = one.publish(sources, course=course, title=title, language=language, progress=progress)
    release, report = published.release, published.report
    if as_json:
        fields = {"course": release.course, "version": release.version, "root": release.root}
        _print_json({**fields, "is_new": published.is_new, "report": report.to_document()})
        return
    state = "ready for boxes" if published.is_new else "nothing new in it"
    click.echo(f"{release.course}, version {release.version}: {state}.")
    for line in report.lines():
        click.echo(line)


@hub.command()
@_DATA
@_DATABASE
@click.option("--campus", required=True, metavar="NAME", help="The campus that the box will belong to; made if new.")
@_JSON
def token(data: Path, database: str | None, campus: str, *, as_json: bool) -> None:
    """Make a one-time token, by which one box joins a campus. It is shown once."""
    with _opened(data, database) as one:
        found = one.fleet.campus_called(campus)
        made = str(one.fleet.make_token(found))
    if as_json:
        _print_json({"token": made, "campus": found.name, "hub_key": one.keys.public})
    else:
        click.echo(made)


@hub.command()
@_DATA
@_DATABASE
@_JSON
def boxes(data: Path, database: str | None, *, as_json: bool) -> None:
    """List the boxes: when they were last heard of, what they hold, what came from them."""
    with _opened(data, database) as one:
        states = one.fleet.boxes()
    if as_json:
        _print_json([_document(state) for state in states])
    else:
        _print_table(states)


@hub.command()
@_DATA
@_DATABASE
@click.option(
    "--to",
    "target",
    required=True,
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="The folder of a stick, or a .qanat file to write.",
)
@click.option("--campus", "names", required=True, multiple=True, metavar="NAME", help="For whom; may come repeatedly.")
@click.option("--mb", type=click.IntRange(1), metavar="MB", help="At most so much in a .qanat file; all if not given.")
@_JSON
def carry(
    data: Path, database: str | None, target: Path, names: tuple[str, ...], mb: int | None, *, as_json: bool
) -> None:
    """Write what campuses lack to a stick or a file, for somebody to carry there. Letters on the stick are taken in."""
    from sync.hub.by_hand import carry as carry_by_hand

    with _opened(data, database) as one, _bar("Writing") as progress:
        done = carry_by_hand(one, target, names, mb * 1_000_000 if mb else None, progress)
    if as_json:
        _print_json(done.document())
    else:
        _say(done)


@hub.command()
@click.argument("source", metavar="PATH", type=click.Path(path_type=Path))
@_DATA
@_DATABASE
@_JSON
def take(source: Path, data: Path, database: str | None, *, as_json: bool) -> None:
    """Take in the letters of boxes from the stick or .qanat file at PATH; the stick gets the hub's receipts."""
    from sync.hub.by_hand import take as take_by_hand

    with _opened(data, database) as one:
        done = take_by_hand(one, source)
    if as_json:
        _print_json(done.document())
    else:
        _say(done)


@contextmanager
def _opened(data: Path, database: str | None) -> Iterator["Hub"]:
    import secrets

    from sync.clock import SystemClock
    from sync.hub.hub import Hub

    hub = Hub.open(data, SystemClock(), secrets.token_bytes, database)
    try:
        yield hub
    finally:
        hub.close()


@contextmanager
def _bar(label: str = "Publishing") -> Iterator[Any]:
    """A bar on stderr while somebody watches; silence otherwise."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=1, label=label, file=sys.stderr) as bar:

        def show(done_bytes: int, total_bytes: int) -> None:
            bar.length = total_bytes
            bar.update(done_bytes - bar.pos)

        yield show


def _say(done: "Done") -> None:
    for line in done.lines():
        click.echo(line)
    for fault in done.taken.faults:
        click.echo(str(fault), err=True)


def _document(state: "BoxState") -> dict[str, Any]:
    return {
        "id": state.id,
        "name": state.name,
        "campus": state.campus.name,
        "last_seen": state.seen_seconds,
        "holds": [
            {"course": one.course, "root": one.root, "layers": list(one.layers)} for one in state.holdings
        ],
        "free_bytes": state.free_bytes,
        "events": state.events,
        "forks": state.forks,
        "is_revoked": state.is_revoked,
    }  # fmt: skip


def _print_table(states: Sequence["BoxState"]) -> None:
    if not states:
        click.echo("No box has joined yet. Make a token with `qanat hub token --campus NAME`.")
        return
    rows: list[tuple[str, ...]] = [("BOX", "CAMPUS", "ID", "LAST SEEN", "COURSES", "FREE MB", "EVENTS", "")]
    rows += [
        (
            state.name,
            state.campus.name,
            state.id,
            "never" if state.seen_seconds is None else _moment(state.seen_seconds),
            str(len(state.holdings)),
            "?" if state.free_bytes is None else str(state.free_bytes // 1_000_000),
            str(state.events),
            "out of service" if state.is_revoked else "copied card" if state.forks else "",
        )
        for state in states
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _moment(wall_seconds: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(wall_seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _print_json(document: Any) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))
