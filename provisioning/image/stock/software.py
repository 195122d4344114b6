"""What a stock system is given: our software for its board as one archive, with the units that start it.

* The same parts as in our own image: the lock's wheels and ourselves. What only our image has (slots) stays out.
* No nginx is on a stock system and no network to fetch it: there the box itself serves port 80.
* Same parts, same bytes.
"""

import gzip
import io
import tarfile
import tempfile
from pathlib import Path

from provisioning.image import software
from provisioning.image.furnish import TARGET

ARCH = "arm64"
OUR_IMAGES_ONLY = frozenset(
    {"boot-firmware.mount", "qanat-health.service", "qanat-health.timer", "qanat-secure.service", "qanat-secure.path"}
)
"""A stock system mounts its first partition itself, has no slots, and no nginx that could serve HTTPS."""
UNITS_LIST = "usr/lib/qanat/units"

SETTINGS = b"""# What a stock system decides: it stands above the box's own box.toml. The box itself is in front.
port = 80
content_port = 8100
sticks = "/media"
"""
DATA_MOUNT = b"""[Unit]
Description=Qanat: the data partition

[Mount]
What=/dev/disk/by-label/qanat-data
Where=/data
Type=ext4
Options=nosuid,nodev,noexec,noatime

[Install]
WantedBy=local-fs.target
"""
BOX_CHANGES = b"""[Service]
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
"""
FIRST_BOOT_CHANGES = b"""[Service]
ExecStart=
ExecStart=/usr/bin/qanat provision first-boot --only folders
ExecStart=/usr/bin/qanat provision first-boot --only seed
"""


def packed(wheels: Path | None) -> bytes:
    """The archive, of the wheels in a folder, or of those that the lock names, fetched now.

    Raises ToolFailed, BoxFault.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        own, root = folder / "own", folder / "root"
        own.mkdir()
        root.mkdir()
        if wheels is None:
            wheels = folder / "wheels"
            wheels.mkdir()
            software.fetch_wheels(ARCH, wheels)
        software.own_wheel(own)
        software.install(ARCH, wheels, own, root)
        files = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    return archive({**files, **unit_files()})


def unit_files() -> dict[str, bytes]:
    """Units, settings, and the names of the units that are switched on."""
    units = {path.name: path.read_bytes() for path in sorted(TARGET.joinpath("units").iterdir())}
    kept = {name: data for name, data in units.items() if name not in OUR_IMAGES_ONLY}
    kept["data.mount"] = DATA_MOUNT
    wanted = sorted(name for name, data in kept.items() if b"\nWantedBy=" in data)
    library = TARGET / "root/usr/lib/qanat"
    return {
        **{f"usr/lib/qanat/{path.name}": path.read_bytes() for path in library.iterdir() if path.is_file()},
        **{f"etc/systemd/system/{name}": data for name, data in kept.items()},
        "etc/systemd/system/qanat-box.service.d/stock.conf": BOX_CHANGES,
        "etc/systemd/system/qanat-first-boot.service.d/stock.conf": FIRST_BOOT_CHANGES,
        "usr/lib/qanat/box.toml": SETTINGS,
        UNITS_LIST: "".join(f"{name}\n" for name in wanted).encode(),
    }


def archive(files: dict[str, bytes]) -> bytes:
    """The files as a tar, packed; programs are those that begin with #!."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, data in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            member.mode = 0o755 if data.startswith(b"#!") else 0o644
            tar.addfile(member, io.BytesIO(data))
    return gzip.compress(plain.getvalue(), mtime=0)
