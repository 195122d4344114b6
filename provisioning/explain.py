"""`qanat provision explain`: what a box's code says, with no connection to the box.

* Heavy imports live inside the command.
"""

import json

import click

ROOM = (
    "less than 100 MB",
    "100 to 500 MB",
    "500 MB to 1 GB",
    "1 to 2 GB",
    "2 to 5 GB",
    "5 to 10 GB",
    "10 to 50 GB",
    "more than 50 GB",
)
SINCE = (
    "never, or not known",
    "less than a day ago",
    "1 to 2 days ago",
    "3 to 6 days ago",
    "1 to 2 weeks ago",
    "2 to 4 weeks ago",
    "1 to 3 months ago",
    "more than 3 months ago",
)
"""The steps of `edge/doctor/code.py`, in words."""


@click.command()
@click.argument("code", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of words.")
def explain(code: tuple[str, ...], *, as_json: bool) -> None:
    """Say in words what the twelve letters say that somebody beside a box reads out on the phone."""
    from edge.doctor.works import of_code

    said = of_code(" ".join(code))
    room, since = ROOM[said["room_step"]], SINCE[said["days_step"]]
    if as_json:
        click.echo(json.dumps({**said, "room": room, "since": since}, ensure_ascii=False, indent=2))
        return
    click.echo(f"Free on the disk: {room}. Last session with the hub that went well: {since}.")
    for row in said["checks"]:
        click.echo(f"- {row['sentence']}\n  {row['hint']}")
    if said["newer"]:
        click.echo(f"{said['newer']} more that this Qanat does not know: explain it with a newer one.")
    if not said["checks"] and not said["newer"]:
        click.echo("Nothing else stands: as far as the box can see, all is well.")
