"""The clock: chrony, which keeps the machine's time even and tells it to the phones.

* Nobody outside is asked, but those who are named; the hub's signed time comes with its session, and stays in the box.
* A machine that knows no better still serves its own time, as one that nobody should prefer.
"""

from provisioning.network.plan import OWN, File, Plan

STRATUM = 10


def files(plan: Plan) -> list[File]:
    """In place of Debian's, which asks a pool of strangers."""
    return [File("etc/chrony/chrony.conf", config(plan))]


def config(plan: Plan) -> str:
    """For chronyd."""
    lines = [
        "# Made by `qanat provision network`.",
        *(f"server {address} iburst" for address in plan.time_servers),
        *([f"allow {OWN.network}"] if plan.wifi is not None else []),
        f"local stratum {STRATUM}",
        "makestep 1 -1",
        "rtcsync",
        "driftfile /data/chrony/drift",
        "cmdport 0",
    ]
    return "\n".join(lines) + "\n"
