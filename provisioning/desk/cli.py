"""`qanat provision desk`: the page of a batch, on this machine.

* Heavy imports live inside the command.
"""

from pathlib import Path

import click

HOST = "127.0.0.1"


@click.command()
@click.option("--batch", "folder", required=True, metavar="DIR", type=click.Path(path_type=Path, file_okay=False),
              help="The batch to work on.")  # fmt: skip
@click.option("--image", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False), help="The image to burn.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8090, show_default=True, help="0: any that is free.")
def desk(folder: Path, image: Path | None, port: int) -> None:
    """Serve a page for the batch in DIR: its cards, labels, burning and checks. Nobody else can reach it."""
    import secrets

    from provisioning.batch.book import Book
    from provisioning.desk.app import Desk, create_app
    from provisioning.desk.burning import Burning
    from provisioning.desk.sessions import DeskSessions
    from sync.clock import SystemClock
    from sync.web.front import Front, Site
    from sync.web.wsgi import Application

    clock, burning = SystemClock(), Burning()
    opened = Desk(Book.open(folder, clock), image, burning, clock, secrets.token_urlsafe(24))
    app = create_app(opened, DeskSessions(secrets.token_bytes))
    front = Front([Site(HOST, port, Application(app, []))], clock)
    (taken,) = front.bind()

    def greet() -> None:
        click.echo("Open this address in a browser of this machine; it is good until the program ends:")
        click.echo(f"http://{HOST}:{taken}/?key={opened.key}")

    front.run(greet)
    if burning.now().is_running:
        click.echo("Cards are still being burned: waiting until that is done.", err=True)
    burning.wait()
