"""`qanat hub serve`: the one command of the hub that needs to know how boxes show courses.

* The hub itself does not: whoever puts the two together gives it.
* Heavy imports live inside the command.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sync.hub.options import DATA, DATABASE

if TYPE_CHECKING:
    from sync.hub.hub import Hub
    from sync.hub.previews import Looks


def serve_command(looks_of: "Callable[[Hub], Looks]") -> click.Command:
    """The command, of a hub whose drafts are shown by what `looks_of` gives."""

    @click.command()
    @DATA
    @click.option("--host", metavar="ADDRESS", default="0.0.0.0", show_default=True, help="Address to listen on.")  # noqa: S104
    @click.option(
        "--port", type=click.IntRange(0, 65_535), default=8080, show_default=True, help="Port; 0 takes a free one."
    )
    @DATABASE
    @click.option(
        "--upload-max", type=click.IntRange(1), metavar="MB", help="The largest upload, in MB; 8,589 if not given."
    )
    @click.option("--behind-proxy", is_flag=True, help="nginx with TLS stands before the hub and states who asks.")
    @click.option(
        "--name",
        "names",
        multiple=True,
        metavar="NAME",
        envvar="QANAT_HUB_NAME",
        help="A host name of the hub, as browsers write it; its pages answer to no other. May be given again.",
    )
    @click.option(
        "--preview-port",
        "preview_ports",
        multiple=True,
        type=click.IntRange(0, 65_535),
        metavar="PORT",
        help="Where drafts are shown, one at a time; may be given again. Some free ports if not given.",
    )
    @click.option(
        "--preview-origin",
        "preview_origins",
        multiple=True,
        metavar="URL",
        envvar="QANAT_HUB_PREVIEW_ORIGIN",
        help="The address of such a port as browsers know it, where a proxy stands before it; once for each.",
    )
    @click.option("--backup-to", metavar="DIR", envvar="QANAT_HUB_BACKUP_TO", type=click.Path(path_type=Path),
                  help="Make a backup here once a day, on another disk than the hub's own.")  # fmt: skip
    def serve(
        data: Path, host: str, port: int, database: str | None, upload_max: int | None, backup_to: Path | None,
        names: tuple[str, ...], preview_ports: tuple[int, ...], preview_origins: tuple[str, ...], *, behind_proxy: bool,
    ) -> None:  # fmt: skip
        """Serve the hub until it is told to stop. An empty folder becomes a new hub."""
        from sync.hub.hub import UPLOAD_BYTES_MAX
        from sync.hub.serve import serve as serve_hub

        serve_hub(
            data,
            click.echo,
            looks_of,
            host=host,
            port=port,
            database_url=database,
            upload_bytes_max=upload_max * 1_000_000 if upload_max else UPLOAD_BYTES_MAX,
            is_behind_proxy=behind_proxy,
            backup_to=backup_to,
            names=names,
            preview_ports=preview_ports,
            preview_origins=preview_origins,
        )

    return serve
