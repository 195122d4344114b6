"""The `qanat` command: one door, whose rooms are opened only when somebody goes in.

* `qanat --help` loads nothing but click; each group is imported when it is named.
* A fault is printed as its sentence and its hint, on standard error; the exit code is the fault's class.
"""

import sys
from typing import NoReturn

import click

from provisioning.doors import Doors

GROUPS = {
    "box": ("edge.cli", "The box on a campus: serve, enrol, sync, status, courses."),
    "hub": ("provisioning.hub", "The far end: serve, publish, token, boxes."),
    "sync": ("sync.patch.cli", "How courses travel, by hand: build, apply and show patches."),
    "catalog": ("catalog.cli", "Course material by hand: import, show, verify."),
    "provision": ("provisioning.provision", "How boxes are born: images, cards, labels, mending."),
    "demo": ("provisioning.demo", "One night, end to end, on this machine."),
}


@click.group(cls=Doors, rooms=GROUPS, context_settings={"help_option_names": ["--help"], "max_content_width": 100})
@click.version_option(package_name="qanat")
def qanat() -> None:
    """Qanat carries courses to campuses with little bandwidth, and learners' progress back."""


def main() -> NoReturn:
    """Run the command; say a fault plainly."""
    # Faults are loaded here, not at the top: `--help` should be instant on a small board.
    try:
        code = qanat.main(standalone_mode=False, obj=_now_seconds)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except Exception as error:
        from catalog.fault import Fault

        if not isinstance(error, Fault):
            raise
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    sys.exit(code if isinstance(code, int) else 0)


def _now_seconds() -> int:
    """The clock that commands of the lowest floor are given; they read none themselves."""
    from sync.clock import SystemClock

    return SystemClock().now().wall_seconds
