"""Furnishing: what makes a Debian root a box.

* Everything of ours that lies in the root comes from `target/`; what is switched on and off is named here.
* Nothing in it is secret, and nothing in it is one box's own: a test looks for keys.
"""

from pathlib import Path

from provisioning.image import fence
from provisioning.image.packages import PRUNED

TARGET = Path(__file__).parent / "target"
NGINX = Path(__file__).parents[1] / "nginx.conf"

USER = "qanat"
USER_ID = 900
WEB_GROUP_ID = 33
"""www-data, as Debian has it."""

STATE = "data"
"""Where the data partition is mounted."""
BOX = "/data/box"

OFF = (
    "getty@tty1.service", "serial-getty@.service", "console-getty.service", "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer", "e2scrub_all.timer", "e2scrub_reap.service", "man-db.timer", "nftables.service",
    "NetworkManager-wait-online.service", "systemd-networkd.service", "systemd-pstore.service",
    "wpa_supplicant.service",
    "NetworkManager-dispatcher.service",
    "systemd-firstboot.service", "remote-fs.target", "systemd-timesyncd.service", "fstrim.timer",
)  # fmt: skip
"""No one signs in at a box, and nothing waits for the internet."""

FOLDERS = (
    "data",
    "boot/firmware",
    "media",
    "mnt",
    "srv",
    "etc/qanat",
    "var/log/journal",
    "var/log/nginx",
    "var/lib/chrony",
)


def furnish(root: Path, built_seconds: int, version: str) -> None:
    """Make the root a box's: accounts, our files, services on and off, and what is not needed gone."""
    for pattern in PRUNED:
        fence.removed(root, pattern)
    for name in FOLDERS:
        fence.place_folder(root, name)
    for source in sorted(TARGET.joinpath("root").rglob("*")):
        if source.is_file():
            name = str(source.relative_to(TARGET / "root"))
            fence.place(root, name, source.read_bytes(), 0o755 if source.stat().st_mode & 0o100 else 0o644)
    for unit in sorted(TARGET.joinpath("units").iterdir()):
        fence.place(root, f"etc/systemd/system/{unit.name}", unit.read_bytes())
        for line in unit.read_text().splitlines():
            if line.startswith("WantedBy="):
                wants = f"etc/systemd/system/{line.removeprefix('WantedBy=')}.wants/{unit.name}"
                fence.place_link(root, wants, f"../{unit.name}")
    for unit_name in OFF:
        fence.removed(root, f"etc/systemd/system/*.wants/{unit_name}")
        fence.place_link(root, f"etc/systemd/system/{unit_name}", "/dev/null")
    fence.place(root, "etc/nginx/conf.d/qanat.conf", NGINX.read_bytes().replace(b"/var/lib/qanat", BOX.encode()))
    _accounts(root)
    fence.place(root, "etc/hostname", b"box\n")
    fence.place(root, "etc/hosts", b"127.0.0.1 localhost\n::1 localhost\n127.0.1.1 box box.local\n")
    fence.place(root, "etc/machine-id", b"")
    fence.place(root, "etc/fstab", b"# The first steps mount the root and the data partition.\n")
    fence.place(root, "etc/qanat/built-seconds", f"{built_seconds}\n".encode())
    fence.place(root, "etc/qanat/version", f"{version}\n".encode())
    fence.place(root, "usr/lib/clock-epoch", b"")


def _accounts(root: Path) -> None:
    """The account that the box runs as: no password, no shell, no home."""
    lines = {
        "etc/passwd": f"{USER}:x:{USER_ID}:{USER_ID}:Qanat box:/nonexistent:/usr/sbin/nologin\n",
        "etc/group": f"{USER}:x:{USER_ID}:\n",
        "etc/shadow": f"{USER}:!*::::::\n",
        "etc/gshadow": f"{USER}:!*::\n",
    }
    for name, line in lines.items():
        path = root / name
        status = path.stat()
        fence.place(root, name, path.read_bytes() + line.encode(), status.st_mode & 0o777)
        import os

        os.chown(path, status.st_uid, status.st_gid)
    for name in ("etc/passwd-", "etc/group-", "etc/shadow-", "etc/gshadow-"):
        fence.removed(root, name)
