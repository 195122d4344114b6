"""Files: writing a plan below a root folder, and making the running machine follow it.

* A file of ours that the plan no longer has is taken away: a network that is no longer wanted is not opened again.
* A program that does not do as it is told is named; the others are told all the same, and the files stay.
"""

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from catalog.durable import write_file
from provisioning.network import names, profiles
from provisioning.network.countries import as_told
from provisioning.network.plan import File, Plan, files
from provisioning.network.radio import country_told

SECONDS_MAX = 30
Run = Callable[[Sequence[str]], tuple[int, str]]
"""Runs a program: how it ended, and what it said."""


def write(plan: Plan, root: Path) -> list[File]:
    """Write all files of the plan, each as a whole."""
    made = files(plan)
    wanted = {root / file.path for file in made}
    for old in [*(root / profiles.FOLDER).glob("qanat-*.nmconnection"), root / names.CONFIG]:
        if old not in wanted:
            old.unlink(missing_ok=True)
    for file in made:
        path = root / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, file.text.encode(), file.mode)
    return made


def apply(plan: Plan, run: Run, *, has_radio: bool) -> list[str]:
    """Let the running machine follow the files that were written. Returns what did not work, in words.

    A radio that is not there yet is told its country when it comes.
    """
    wrong = [
        f"{command[0]}: {' '.join(said.split()) or f'it ended with {status}'}"
        for command in commands(plan, has_radio=has_radio)
        for status, said in [run(command)]
        if status != 0
    ]
    if plan.wifi is not None and has_radio:
        told = country_told(run(["iw", "reg", "get"])[1])
        if told != as_told(plan.wifi.country):
            wrong.append(f"The radio believes that it is in {told or 'no country'}, not in {plan.wifi.country}.")
    return wrong


def commands(plan: Plan, *, has_radio: bool) -> list[list[str]]:
    """What makes the machine follow, rules first: nothing is open before they hold."""
    radio = [["iw", "reg", "set", plan.wifi.country]] if plan.wifi is not None and has_radio else []
    own = [["systemctl", "--no-block", "restart", names.UNIT]] if plan.wifi is not None else []
    return [
        ["/usr/lib/systemd/systemd-sysctl", "/etc/sysctl.d/60-qanat-network.conf"],
        ["nft", "--file", "/etc/nftables.conf"],
        *radio,
        ["systemctl", "daemon-reload"],
        *own,
        # Those that have not started yet read their files when they do.
        ["systemctl", "--no-block", "try-restart", "NetworkManager.service", "chrony.service", "avahi-daemon.service"],
    ]


def run(command: Sequence[str]) -> tuple[int, str]:
    """Run a program of the system; one that is not there, or does not end, has failed."""
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=SECONDS_MAX, env=environment
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 127, str(error)
    return done.returncode, done.stdout + done.stderr
