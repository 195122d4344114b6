"""`qanat box password`: a way in for whoever stands beside the box, when nobody knows the password.

* What is typed becomes a verifier in the command itself: the password goes to no other process, and into no file.
"""

from pathlib import Path
from typing import Any

import click

STAFF_NAME = "staff"
"""As in edge/people/people.py, which takes too long to load for `--help`; a test compares."""


@click.command()
@click.option(
    "--data",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="The box's data folder.",
)
@click.option(
    "--name", default=STAFF_NAME, show_default=True, metavar="NAME", help="Whose password: staff, or a teacher."
)
@click.option("--code", "by_code", is_flag=True, help="Print a code that lets them in once, in place of a password.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of words.")
def password(data: Path, name: str, *, by_code: bool, as_json: bool) -> None:
    """Give staff or a teacher a new password, or a code to sign in with once. Their sessions end."""
    from edge.cli import ask_or_do, show

    request: dict[str, Any] = {"do": "password", "name": name}
    if not by_code:
        request["verifier"] = _ask()
    result = ask_or_do(data, request)
    done = f"{result['name']} signs in with the new password from now on."
    if by_code:
        done = f"The code that lets {result['name']} in once: {result['code']}"
    show(result, as_json, lambda: click.echo(done))


def _ask() -> str:
    """Ask for a password twice, and return what is kept of it. Raises CallerFault where it is short."""
    import secrets

    from catalog.fault import CallerFault
    from edge.people.people import PASSWORD_LETTERS_MIN
    from sync.web.challenge.verifier import SALT_BYTES, of_password

    typed = click.prompt("New password", hide_input=True, confirmation_prompt=True, err=True)
    if len(typed) < PASSWORD_LETTERS_MIN:
        raise CallerFault(
            f"The password needs {PASSWORD_LETTERS_MIN} letters or more.", "Three or four words are easy to remember."
        )
    return of_password(typed, secrets.token_bytes(SALT_BYTES)).text
