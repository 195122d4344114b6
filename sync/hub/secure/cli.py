"""`qanat hub certificates`: where certificates for boxes come from, which there are, and getting those that are due.

* Settings that are given are kept; the hub that serves goes by them at once.
* Heavy imports live inside the command.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sync.hub.options import DATA, DATABASE, JSON, moment, opened, print_json

if TYPE_CHECKING:
    from sync.hub.secure.certificates import Done, Standing
    from sync.hub.secure.settings import Settings


@click.command()
@DATA
@DATABASE
@click.option("--zone", metavar="DOMAIN", help="Where boxes have their names: b-ID.DOMAIN. '' ends it.")
@click.option("--acme", metavar="URL", help="The directory of an ACME authority; giving it agrees to its terms.")
@click.option("--dns-hook", metavar="PROGRAM",
              help="Changes the zone; called with add or remove, the name and the value of a text record.")  # fmt: skip
@click.option("--contact", metavar="MAIL", help="Where the authority may write to.")
@click.option("--acme-ca", "ca_file", metavar="FILE", help="Whom to believe at the authority's address.")
@click.option("--once", is_flag=True, help="Order now what is due; a hub that serves does so by itself.")
@JSON
def certificates(
    data: Path, database: str | None, zone: str | None, acme: str | None, dns_hook: str | None, contact: str | None,
    ca_file: str | None, *, once: bool, as_json: bool,
) -> None:  # fmt: skip
    """Certificates for the secure addresses of boxes. Keys of boxes never come here."""
    from sync.hub.secure.settings import Settings

    with opened(data, database) as hub:
        before = Settings.read(data)
        settings = before.changed(
            zone=zone, acme=acme, dns_hook=_whole(dns_hook), contact=contact, ca_file=_whole(ca_file)
        )
        if settings != before:
            settings.write(data)
        done = hub.certificates.renew() if once else []
        standing = hub.certificates.standing()
    if as_json:
        print_json(_document(settings, standing, done))
    else:
        _say(settings, standing, done)
    if any(one.fault for one in done):
        raise click.exceptions.Exit(1)


def _whole(path: str | None) -> str | None:
    return str(Path(path).absolute()) if path else path


def _document(settings: "Settings", standing: "list[Standing]", done: "list[Done]") -> dict[str, object]:
    return {
        "zone": settings.zone,
        "acme": settings.acme,
        "dns_hook": settings.dns_hook,
        "boxes": [
            {
                "id": one.box,
                "name": one.called,
                "secure_name": one.name,
                "has_asked": one.has_asked,
                "ends_seconds": one.ends_seconds,
                "fault": one.fault,
            }
            for one in standing
        ],
        "ordered": [{"id": one.box, "ends_seconds": one.ends_seconds, "fault": one.fault} for one in done],
    }


def _say(settings: "Settings", standing: "list[Standing]", done: "list[Done]") -> None:
    if not settings.zone:
        click.echo("Boxes have no secure names: give --zone, --acme and --dns-hook.")
        return
    if not settings.is_whole:
        click.echo("Nothing can be ordered yet: --acme and --dns-hook are needed too.")
    for one in standing:
        click.echo(f"{one.called}  {one.name}  {_state(one)}")
    for result in done:
        click.echo(f"{result.name}: {result.fault or 'here; it goes to the box with its next session or stick'}")


def _state(one: "Standing") -> str:
    if one.ends_seconds is not None:
        return f"until {moment(one.ends_seconds)}" + (f" (not renewed: {one.fault})" if one.fault else "")
    if not one.has_asked:
        return "has not asked yet"
    return one.fault or "waits for its turn"
