"""`qanat hub keys` and `qanat hub mirror`: who may sign what boxes shelve, and other hubs' catalogues.

* Nothing has to be done before the first course: keys are made on the spot, and `status` says where they lie.
* A passphrase is read from a file or asked for; it is never an option, where others could read it.
* Every command works beside a hub that is serving; boxes hear of it with their next answer.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sync.hub.options import DATA, DATABASE, JSON, moment, opened, print_json

if TYPE_CHECKING:
    from sync.hub.hub import Hub
    from sync.hub.trust.ceremony import Ceremonies, Sticks
    from sync.hub.trust.mirroring import Brought
    from sync.hub.trust.state import TrustState

_FOLDER = click.Path(path_type=Path, file_okay=False)
_PASSPHRASE = click.option(
    "--passphrase-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
    help="The file with the passphrase of the root keys; asked for if not given.",
)  # fmt: skip
_ROOT = click.option(
    "--root", "root_folders", multiple=True, metavar="DIR", type=_FOLDER,
    help="A folder with a root key on a stick; two are needed where the keys are not at the hub.",
)  # fmt: skip
_TO = click.option(
    "--to", "new_folders", multiple=True, metavar="DIR", type=_FOLDER,
    help="Where a new root key goes; three folders, one for each.",
)  # fmt: skip


@click.group()
def keys() -> None:
    """The keys that sign what boxes may shelve."""


@keys.command()
@DATA
@DATABASE
@click.option("--offline", "folders", nargs=3, metavar="DIR DIR DIR", type=_FOLDER,
              help="Move the root keys to these three sticks, sealed with a passphrase.")  # fmt: skip
@_PASSPHRASE
@JSON
def init(
    data: Path, database: str | None, folders: tuple[Path, ...] | None, passphrase_file: Path | None, *, as_json: bool
) -> None:
    """Make the keys, if there are none; with --offline put the root keys where no hub's thief finds them."""
    with opened(data, database, may_be_new=True) as hub:
        if folders:
            written = _ceremonies(hub).take_offline(_sticks(folders, passphrase_file, is_new=True))
            click.echo(f"The root keys are in {', '.join(map(str, written))}, and not at the hub any more.", err=True)
            click.echo(
                "Keep the three sticks in three places. Two of them can name new keys; one alone cannot.", err=True
            )
            click.echo(
                "Backups made before now still hold these keys, in clear: make a new one, and destroy the older ones.",
                err=True,
            )
            _say_where(hub, folders)
        _show(hub, as_json)


@keys.command()
@DATA
@DATABASE
@JSON
def status(data: Path, database: str | None, *, as_json: bool) -> None:
    """Show the keys that count: whose they are, where they lie, until when they are good."""
    with opened(data, database) as hub:
        _show(hub, as_json)


@keys.command()
@DATA
@DATABASE
@click.option("--role", "roles", multiple=True, type=click.Choice(["targets", "snapshot", "timestamp", "root"]),
              help="Whose keys to replace; those of the hub itself if not given.")  # fmt: skip
@_ROOT
@_TO
@_PASSPHRASE
@JSON
def rotate(
    data: Path, database: str | None, roles: tuple[str, ...], root_folders: tuple[Path, ...],
    new_folders: tuple[Path, ...], passphrase_file: Path | None, *, as_json: bool,
) -> None:  # fmt: skip
    """Replace keys by new ones. Two root keys sign that; boxes follow, however long they slept."""
    from sync.hub.trust.signing import ONLINE_ROLES

    with opened(data, database) as hub:
        ceremonies = _ceremonies(hub)
        sticks = _sticks(root_folders, passphrase_file)
        new_root = _sticks(new_folders, passphrase_file, is_new=True) if new_folders else None
        version = ceremonies.rotate(sticks, roles or ONLINE_ROLES, new_root)
        click.echo(f"Root {version} counts from now on.", err=True)
        _say_where(hub, new_folders)
        _show(hub, as_json)


@keys.command()
@click.argument("publisher", metavar="PUBLISHER")
@DATA
@DATABASE
@click.option("--path", "courses", default="", metavar="PATTERN",
              help="Which courses are this publisher's, such as biology-*; PUBLISHER-* if not given.")  # fmt: skip
@click.option(
    "--key", default="", metavar="KEY", help="The publisher's own public key; a new one is made if not given."
)
@click.option("--to", "folder", metavar="DIR", type=_FOLDER, help="Put the new key there, and not at the hub.")
@JSON
def delegate(
    publisher: str, data: Path, database: str | None, courses: str, key: str, folder: Path | None, *, as_json: bool
) -> None:
    """Let PUBLISHER sign courses of its own, and no others. "software" signs what boxes run."""
    with opened(data, database) as hub:
        name = _ceremonies(hub).delegate(publisher, courses, key, folder)
        click.echo(f"{publisher} signs with the key {name}.", err=True)
        _say_where(hub, [folder] if folder is not None else [])
        _show(hub, as_json)


@keys.command()
@click.argument("publisher", metavar="PUBLISHER")
@DATA
@DATABASE
@click.option("--from", "folder", required=True, metavar="DIR", type=_FOLDER, help="Where the publisher's key lies.")
@JSON
def sign(publisher: str, data: Path, database: str | None, folder: Path, *, as_json: bool) -> None:
    """Sign what waits for PUBLISHER, by the key that its stick brings."""
    with opened(data, database) as hub:
        listed = _ceremonies(hub).sign_for(publisher, folder)
        click.echo(f"{publisher} lists {listed} releases.", err=True)
        _show(hub, as_json)


@keys.command()
@click.argument("name", metavar="PUBLISHER|KEY")
@DATA
@DATABASE
@_ROOT
@_TO
@_PASSPHRASE
@JSON
def revoke(
    name: str, data: Path, database: str | None, root_folders: tuple[Path, ...], new_folders: tuple[Path, ...],
    passphrase_file: Path | None, *, as_json: bool,
) -> None:  # fmt: skip
    """Let a publisher, or a key by its fingerprint, count no more: it was lost or stolen. Boxes keep what they have."""
    with opened(data, database) as hub:
        new_root = _sticks(new_folders, passphrase_file, is_new=True) if new_folders else None
        whose = _ceremonies(hub).revoke(name, _sticks(root_folders, passphrase_file), new_root)
        click.echo(f"What {whose} signed with it counts no more.", err=True)
        _say_where(hub, new_folders)
        _show(hub, as_json)


@keys.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@DATA
@DATABASE
@JSON
def software(file: Path, data: Path, database: str | None, *, as_json: bool) -> None:
    """List FILE as software for boxes, signed by the publisher called "software"."""
    with opened(data, database) as hub:
        _ceremonies(hub).list_software(file.name, file.read_bytes())
        _show(hub, as_json)


@click.command()
@DATA
@DATABASE
@click.option("--from", "address", required=True, metavar="URL", help="The other hub's address.")
@click.option("--catalogue", required=True, metavar="NAME", help="Its catalogue, 16 letters: ask that hub's staff.")
@JSON
def mirror(data: Path, database: str | None, address: str, catalogue: str, *, as_json: bool) -> None:
    """Fetch another hub's signed courses and offer them to our boxes. Nothing of our learners goes there."""
    from sync.hub.trust.mirroring import Mirroring
    from sync.links.http import HttpLink

    with opened(data, database, may_be_new=True) as hub, HttpLink(address, clock=hub.clock) as link:
        mirroring = Mirroring(hub.engine, hub.catalog, hub.trust, hub.clock)
        brought = mirroring.bring(link, catalogue, address, lambda course: click.echo(course, err=True))
        hub.packing.build_missing()
    _show_brought(brought, as_json)


def _show_brought(brought: "Brought", as_json: bool) -> None:
    if as_json:
        faults = [{"sentence": fault.sentence, "hint": fault.hint} for fault in brought.faults]
        print_json({"listed": brought.listed, "new": brought.courses, "bytes": brought.came_bytes, "faults": faults})
        return
    click.echo(f"{brought.listed} courses are listed there, {len(brought.courses)} came new.")
    for fault in brought.faults:
        click.echo(str(fault), err=True)


def _ceremonies(hub: "Hub") -> "Ceremonies":
    from sync.hub.trust.ceremony import Ceremonies

    return Ceremonies(hub.engine, hub.trust, hub.clock)


def _sticks(folders: Sequence[Path], passphrase_file: Path | None, *, is_new: bool = False) -> "Sticks":
    from sync.hub.trust.ceremony import Sticks

    if not folders:
        return Sticks()
    if passphrase_file is not None:
        from sync.keys import passphrase_in

        return Sticks(folders, passphrase_in(passphrase_file))
    asked = click.prompt("The passphrase of the root keys", hide_input=True, confirmation_prompt=is_new, err=True)
    return Sticks(folders, asked)


def _say_where(hub: "Hub", folders: Sequence[Path]) -> None:
    """A folder on the hub's own disk may be meant so; a stick that is not mounted looks the same."""
    for folder in folders:
        if hub.trust.ring.is_on_disk_of(folder):
            click.echo(f"{folder} lies on the hub's own disk. If it should be a stick, it is not mounted.", err=True)


def _state(hub: "Hub") -> "TrustState":
    from sync.hub.engine import writing
    from sync.hub.trust.state import state_of

    with writing(hub.engine) as connection:
        return state_of(connection, hub.trust)


def _show(hub: "Hub", as_json: bool) -> None:
    state = _state(hub)
    if hub.trust.fault is not None:
        click.echo(f"Not signed: {hub.trust.fault}", err=True)
    if as_json:
        print_json(state.document())
        return
    click.echo(f"Catalogue {state.catalogue}, root {state.root_version}.")
    for one in state.keys:
        place = "at this hub" if one.is_here else "missing" if one.is_missing else "elsewhere"
        until = f"until {moment(one.until_seconds)}" if one.until_seconds else "nothing signed yet"
        waits = "; something waits for its signature" if one.is_waiting else ""
        courses = f" ({one.courses})" if one.courses else ""
        click.echo(f"{one.role}{courses}: {one.key}, {place}, {until}{waits}.")
    for other in state.mirrored:
        click.echo(f"Mirrored: {other.catalogue} from {other.address}.")
    if state.are_root_keys_here:
        click.echo("The root keys lie at this hub: whoever breaks in could sign for good.")
        click.echo("Next step: `qanat hub keys init --offline DIR DIR DIR` moves them to three sticks.")


COMMANDS: tuple[click.Command, ...] = (keys, mirror)
