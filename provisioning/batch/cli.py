"""`qanat provision batch`: make many cards' seeds at once; `report`: what became of them.

* Heavy imports live inside the commands.
"""

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from provisioning.batch.book import Book

FOLDER = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))


@click.group()
def batch() -> None:
    """Batches of cards: each card with its own token, Wi-Fi password and staff code."""


@batch.command()
@click.option("--campus", metavar="NAME", default="", help="The campus; with --hub-data made if new.")
@click.option("--count", type=int, metavar="N", help="How many cards; as many as there are tokens if not given.")
@click.option("--out", "folder", required=True, metavar="DIR", type=click.Path(path_type=Path, file_okay=False),
              help="The folder of the batch; it holds secrets, and is made for you alone.")  # fmt: skip
@click.option("--from", "file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False),
              help="Tokens that `qanat hub batch` wrote; needs no network.")  # fmt: skip
@click.option("--hub-data", metavar="HUBDIR", type=click.Path(path_type=Path, file_okay=False),
              help="The data folder of a hub on this machine, which makes the tokens now.")  # fmt: skip
@click.option("--database", metavar="URL", envvar="QANAT_HUB_DATABASE", help="That hub's database, if not a file.")
@click.option(
    "--of-hub", "hub_key", metavar="LETTERS", default="", help="The hub's 16 letters, as it shows them: else refused."
)
@click.option("--hub", default="", metavar="URL", help="The hub's address for boxes, if the tokens do not say it.")
@click.option("--country", required=True, metavar="XX", help="Where the boxes will stand (ISO 3166): a matter of law.")
@click.option("--world-rules", is_flag=True, help="Let a country stand whose rules for Wi-Fi the kernel does not know.")
@click.option("--language", default="", metavar="TAG", help="Language of the pages, such as ar.")
@click.option("--timezone", default="", metavar="ZONE", help="Where the boxes will stand, such as Africa/Djibouti.")
@click.option("--first", default=1, show_default=True, metavar="N", help="The number of the first card.")
@click.option("--days", default=180, show_default=True, help="With --hub-data: how long the tokens are good.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A setting of box.toml; may come again.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of words.")
def new(
    campus: str, count: int | None, folder: Path, file: Path | None, hub_data: Path | None, database: str | None,
    hub_key: str, hub: str, country: str, language: str, timezone: str, first: int, days: int,
    settings: tuple[str, ...], *, world_rules: bool, as_json: bool,
) -> None:  # fmt: skip
    """Make the seeds of many cards in DIR, and their book. The same again goes on where it was cut."""
    from provisioning.batch.making import Wishes, make
    from sync.clock import SystemClock
    from sync.hub.options import moment, print_json

    if (file is None) == (hub_data is None):
        raise click.UsageError("Say where the tokens come from: --from FILE, or --hub-data HUBDIR.")

    def tokens() -> bytes:
        if file is not None:
            return _brought(file, campus, count, hub_key)
        return _minted(hub_data or Path(), database, campus, count, days, hub)

    wishes = Wishes(country, language, timezone, hub, first, dict(map(_setting, settings)), world_rules)
    book, is_new = make(folder, tokens, wishes, SystemClock(), secrets.token_bytes)
    _demand_same(book, campus, count)
    told = book.batch
    if as_json:
        print_json({"folder": str(folder), "is_new": is_new, **told.document(), "cards": len(book.cards())})
        return
    click.echo(f"{folder}: {len(book.cards())} cards for {told.campus_name}, {'made' if is_new else 'there already'}.")
    click.echo(f"Their tokens are good until {moment(told.expires_seconds)}, at {told.hub}.")
    click.echo("The folder holds secrets: keep it at the desk, and remove it once the boxes are out.")


@click.command()
@FOLDER
@click.option("--csv", "as_csv", is_flag=True, help="As a table for a spreadsheet.")
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="Write it there.")
def report(folder: Path, out: Path | None, *, as_csv: bool) -> None:
    """Say what became of each card of the batch in DIR, in one line a card. It holds no secret."""
    from catalog.durable import write_file
    from provisioning.batch.book import Book
    from provisioning.batch.report import as_words, csv_text

    book = Book.open(folder)
    text = csv_text(book) if as_csv else as_words(book)
    if out is None:
        click.echo(text, nl=False)
    else:
        write_file(out, text.encode())
        click.echo(f"{out}: {len(book.cards())} cards.")


def _brought(path: Path, campus: str, count: int | None, hub_key: str) -> bytes:
    """The bytes of a file of tokens that is what the caller believes it to be. Raises BatchRefused, CallerFault."""
    from catalog.fault import CallerFault
    from sync.token_batch import FILE_BYTES_MAX, TokenBatch

    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise CallerFault(f"{path} cannot be read.", "Name the file that `qanat hub batch` wrote.") from error
    tokens = TokenBatch.from_bytes(data)
    if hub_key and hub_key.strip().lower() != tokens.hub_fingerprint:
        raise CallerFault(
            f"These tokens are of the hub {tokens.hub_fingerprint}, not of {hub_key}.",
            "Somebody may have put their own in their place: ask the hub's staff.",
        )
    if campus and campus not in (tokens.campus, tokens.campus_name):
        raise CallerFault(f"These tokens are for {tokens.campus_name}, not for {campus}.", "Leave --campus out.")
    if count not in (None, len(tokens.tokens)):
        raise CallerFault(f"There are {len(tokens.tokens)} tokens here, not {count}.", "Leave --count out.")
    click.echo(f"The tokens are signed by the hub {tokens.hub_fingerprint}.", err=True)
    return data


def _minted(data: Path, database: str | None, campus: str, count: int | None, days: int, address: str) -> bytes:
    from sync.hub.keeping.audit import COMMAND_LINE
    from sync.hub.options import opened

    if not campus or count is None:
        raise click.UsageError("With --hub-data, say --campus and --count.")
    with opened(data, database) as hub:
        found = hub.fleet.campus_called(campus)
        made = hub.fleet.make_batch(found, count, days, address)
        hub.keeping.note(COMMAND_LINE, "token-batch", campus=found.id, batch=made.id)
        return made.to_bytes(hub.keys)


def _demand_same(book: "Book", campus: str, count: int | None) -> None:
    """Raises CallerFault where the batch in the folder is another than the one that was asked for."""
    from catalog.fault import CallerFault

    there, cards = book.batch, len(book.cards())
    if (campus and campus not in (there.campus, there.campus_name)) or count not in (None, cards):
        raise CallerFault(
            f"There is another batch in {book.folder}: {cards} cards for {there.campus_name}.",
            "Name another folder with --out; nothing was changed.",
        )


def _setting(text: str) -> tuple[str, Any]:
    """One setting as it was given: a value of TOML, or plain words. Raises UsageError where there is no `=`."""
    import tomllib

    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"--set {text}: write NAME=VALUE.")
    try:
        return name.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return name.strip(), value
