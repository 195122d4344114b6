"""`qanat hub staff`: accounts, for whoever can use the hub's machine.

* What is typed as a password is asked for twice and never shown.
"""

from pathlib import Path

import click

from sync.hub.options import DATA, DATABASE, JSON, opened, print_json


@click.group()
def staff() -> None:
    """Who may sign in to the hub's pages."""


@staff.command("list")
@DATA
@DATABASE
@JSON
def list_staff(data: Path, database: str | None, *, as_json: bool) -> None:
    """Name everybody who has an account, and who has a second factor."""
    with opened(data, database) as hub:
        rows = [{"name": name, "has_second_factor": hub.second_factors.has(name)} for name in hub.staff.names()]
    if as_json:
        print_json({"staff": rows})
        return
    for row in rows:
        click.echo(f"{row['name']}" + ("" if row["has_second_factor"] else ", no second factor"))


@staff.command()
@click.argument("name")
@DATA
@DATABASE
def add(name: str, data: Path, database: str | None) -> None:
    """Make an account; asks for its password."""
    from sync.hub.keeping.audit import COMMAND_LINE

    with opened(data, database) as hub:
        hub.staff.add(name, _ask())
        hub.keeping.note(COMMAND_LINE, "staff-added", staff=hub.staff.find(name)[0])
    click.echo(f"{name} may sign in.")


@staff.command()
@click.argument("name")
@DATA
@DATABASE
def password(name: str, data: Path, database: str | None) -> None:
    """Give an account a new password; asks for it. Its sessions end."""
    from sync.hub.keeping.audit import COMMAND_LINE

    with opened(data, database) as hub:
        hub.staff.change_password(name, _ask())
        hub.keeping.note(COMMAND_LINE, "password-changed", staff=hub.staff.find(name)[0])
        hub.sessions.end_all(hub.staff.find(name)[0])
    click.echo(f"{name} signs in with the new password from now on.")


@staff.command("second-factor")
@click.argument("name")
@DATA
@DATABASE
def second_factor(name: str, data: Path, database: str | None) -> None:
    """Set an account's second factor up here, with its person beside you: their browser runs no script."""
    from catalog.fault import CallerFault
    from sync.hub.keeping.audit import COMMAND_LINE
    from sync.hub.staff import no_account

    with opened(data, database) as hub:
        if hub.staff.find(name)[0] not in hub.staff.names():
            raise no_account(name)
        if hub.second_factors.has(name):
            raise CallerFault(
                f"{name} has a second factor.", "Take it off first: `qanat hub staff reset-second-factor`."
            )
        drawn = hub.second_factors.draw(name)
        click.echo(f"For the authenticator:  {drawn.secret}\nOr as a link:           {drawn.link}\n\nRecovery codes:")
        click.echo("\n".join(f"    {code}" for code in drawn.codes))
        while not hub.second_factors.keep(name, drawn.secret, drawn.codes, _ask_code(), COMMAND_LINE):
            click.echo("This is not its code. Wait for the next one.", err=True)
    click.echo(f"{name} gives a code after the password from now on.")


@staff.command("reset-second-factor")
@click.argument("name")
@DATA
@DATABASE
def reset_second_factor(name: str, data: Path, database: str | None) -> None:
    """Take an account's second factor off: the phone and the recovery codes are lost. Its sessions end."""
    from sync.hub.staff import no_account

    with opened(data, database) as hub:
        if hub.staff.find(name)[0] not in hub.staff.names():
            raise no_account(name)
        had = hub.second_factors.reset(name)
        hub.sessions.end_all(hub.staff.find(name)[0])
    click.echo(f"{name} signs in with the password alone, and sets up a new one." if had else f"{name} had none.")


def _ask_code() -> str:
    typed: str = click.prompt("The code that the authenticator shows", err=True)
    return typed


def _ask() -> str:
    typed: str = click.prompt("New password", hide_input=True, confirmation_prompt=True, err=True)
    return typed
