"""Doors: groups of commands whose rooms are opened only when somebody goes in.

* Help loads nothing but click; a command is imported when it is named.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class Doors(click.Group):
    """A group whose members are imported when they are asked for.

    `rooms`: by a member's name the module that has a command of that name (`-` there is `_`), and its sentence.
    """

    def __init__(self, *args: Any, rooms: Mapping[str, tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self._rooms = rooms

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._rooms)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._rooms:
            return None
        module = import_module(self._rooms[cmd_name][0])
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, (_, sentence) in self._rooms.items()])
