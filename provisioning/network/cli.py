"""`qanat provision network`: the networks of a box, from its seed."""

from pathlib import Path

import click

RADIO_DRIVERS = Path("/sys/module/cfg80211")
"""There once the kernel has found a radio."""


@click.command()
@click.option(
    "--seed",
    "seed_file",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The seed of the box.",
)
@click.option(
    "--out", metavar="DIR", type=click.Path(path_type=Path, file_okay=False), help="Write the files below this folder."
)
@click.option("--apply", "is_applied", is_flag=True, help="Write them to this machine, and let it follow them (root).")
@click.option("--time-server", "time_servers", multiple=True, metavar="ADDRESS", help="One by which to set the clock.")
def network(seed_file: Path, out: Path | None, is_applied: bool, time_servers: tuple[str, ...]) -> None:
    """Make the files of NetworkManager, nftables, dnsmasq, chrony and mDNS that a box needs."""
    from catalog.fault import BoxFault, CallerFault
    from edge.birth.seed import SEED_BYTES_MAX, Seed
    from provisioning.network import files
    from provisioning.network.plan import Plan

    if (out is None) != is_applied:
        raise CallerFault("Say where the networks are wanted.", "Give either --out DIR or --apply.")
    try:
        with seed_file.open("rb") as file:
            data = file.read(SEED_BYTES_MAX + 1)
    except OSError as error:
        raise CallerFault(f"{seed_file} cannot be read: {error.strerror}.", "Name the seed with --seed.") from error
    plan = Plan.of(Seed.from_bytes(data), time_servers)
    for made in files.write(plan, out or Path("/")):
        click.echo(f"/{made.path}")
    has_radio = RADIO_DRIVERS.exists()
    wrong = files.apply(plan, files.run, has_radio=has_radio) if is_applied else []
    if wrong:
        raise BoxFault(" ".join(wrong), "Start the box again; docs/network.md says what each part is for.")
