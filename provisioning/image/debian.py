"""Debian's part of an image: packages fetched, checked by apt, taken apart, and configured once.

* Nothing of the target is run. Packages' own scripts run once, on this machine and for its own architecture; what they
  made of the files (accounts, links, certificates, compiled modules) is the same for every architecture, and is laid
  over the packages of the other one. A program among it would not be: then the build stops.
* Both are of one moment of the archive: files that changed in between stop the build.
"""

import platform
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from catalog.digest import Digest, Hasher
from catalog.fault import BoxFault
from provisioning.image import fence
from provisioning.image.packages import COMPONENTS, EXTRAS, KERNELS, PACKAGES, SUITE
from provisioning.image.tools import run

ARCHIVE = "http://deb.debian.org/debian"
SECURITY = "http://deb.debian.org/debian-security"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
LEFT_OUT = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*")

PACKED = "packed.tar"
"""Packages taken apart, nothing of them run."""
CONFIGURED = "configured.tar"
NAMES = "packages.txt"
"""The files of the packages, a line each: name, version and architecture are in it."""

OF_THE_ARCHIVE_ALONE = ("etc/dpkg/dpkg.cfg.d/99mmdebstrap", "etc/apt/")
CACHES = ("etc/ld.so.cache", "var/lib/dpkg/", "var/cache/", "var/lib/apt/", "var/log/", "dev/", "proc/", "sys/", "run/")
"""Made anew by every system for itself, or no part of one."""

READ_BYTES = 1 << 20
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


class ArchiveMoved(BoxFault):
    """What came of Debian does not fit together."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a package archive: what tells it from another of its name."""

    kind: bytes
    mode: int
    owner: tuple[int, int]
    says: Digest | str
    """The digest of a file, the target of a link."""


def native() -> str:
    """This machine's architecture, as Debian calls it."""
    return MACHINES.get(platform.machine(), platform.machine())


def sources() -> str:
    """The archive as apt reads it."""
    signed = f"[signed-by={KEYRING}]"
    return (
        f"deb {signed} {ARCHIVE} {SUITE} {COMPONENTS}\n"
        f"deb {signed} {ARCHIVE} {SUITE}-updates {COMPONENTS}\n"
        f"deb {signed} {SECURITY} {SUITE}-security {COMPONENTS}\n"
    )


def fetch_packed(arch: str, folder: Path, built_seconds: int) -> None:
    """Fill `folder` with the packages of an architecture, taken apart, and their names."""
    hook = f'cd "$1/var/cache/apt/archives" && ls *.deb > {folder}/{NAMES}'
    _mmdebstrap(arch, "extract", folder / PACKED, built_seconds, f"--extract-hook={hook}")


def configure(arch: str, folder: Path, built_seconds: int) -> None:
    """Fill `folder` with the same packages of this machine's architecture, set up by their own scripts."""
    _mmdebstrap(arch, "custom", folder / CONFIGURED, built_seconds)


def fetch_extras(arch: str, folder: Path) -> None:
    """Fill `folder` with the kernel and the firmware, each package taken apart under its own name."""
    apt = _apt(arch, folder / "apt")
    run([*apt, "update", "-qq"])
    depends = run(["apt-cache", *apt[1:], "depends", KERNELS[arch]]).decode()
    kernel = re.search(r"Depends: (linux-image-\S+)", depends)
    if kernel is None:
        raise ArchiveMoved(
            f"{KERNELS[arch]} names no kernel.", "Run it again; the archive may be in the middle of a change."
        )
    names = [kernel.group(1), *EXTRAS[arch]]
    run([*apt, "download", "-qq", *names], folder=folder)
    debs = sorted(folder.glob("*.deb"))
    for deb in debs:
        target = folder / ("kernel" if deb.name.startswith("linux-image") else deb.name.partition("_")[0])
        target.mkdir()
        run(["dpkg-deb", "--extract", deb, target])
        deb.unlink()
    (folder / NAMES).write_text("".join(f"{deb.name}\n" for deb in debs))
    run(["rm", "-rf", folder / "apt"])


def lay_out(packed: Path, own_packed: Path, configured: Path, root: Path) -> None:
    """Make the root of a system in `root`: the packages, and over them what setting them up made.

    `own_packed` and `configured` are of this machine's architecture, `packed` of the target's.
    Raises ArchiveMoved where they do not fit together.
    """
    before = dict(_entries(own_packed))
    run(["tar", "--extract", "--file", packed, "--directory", root, "--numeric-owner", "--same-permissions"])
    with tarfile.open(configured) as tar:
        for member in tar:
            name = _name(member)
            if not name or name.startswith(CACHES):
                continue
            now, was = _entry(tar, member), before.get(name)
            if was is None or now.kind != was.kind:
                _lay(tar, member, root, name)
            elif was.says != now.says and not name.startswith(OF_THE_ARCHIVE_ALONE):
                raise ArchiveMoved(
                    f"{name} is another in the packages that were set up than in those that were taken apart.",
                    "The archive changed in between; run the build again with an empty cache.",
                )
            elif (was.mode, was.owner) != (now.mode, now.owner):
                _own(root, name, member)


def _lay(tar: tarfile.TarFile, member: tarfile.TarInfo, root: Path, name: str) -> None:
    if member.isdir():
        path = fence.place_folder(root, name)
    elif member.issym():
        path = fence.place_link(root, name, member.linkname)
    else:
        file = tar.extractfile(member)
        data = file.read() if file is not None else b""
        if data.startswith(b"\x7fELF"):
            raise ArchiveMoved(
                f"Setting up the packages made a program, {name}, which is for this machine only.",
                "Leave out the package that makes it, in provisioning/image/packages.py.",
            )
        path = fence.place(root, name, data)
    _own(root, name, member)
    assert path.is_symlink() or path.exists()


def _own(root: Path, name: str, member: tarfile.TarInfo) -> None:
    import os

    path = root / name
    os.chown(path, member.uid, member.gid, follow_symlinks=False)
    if not path.is_symlink():
        path.chmod(member.mode & 0o7777)


def _entries(path: Path) -> Iterator[tuple[str, Entry]]:
    with tarfile.open(path) as tar:
        for member in tar:
            yield _name(member), _entry(tar, member)


def _entry(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Entry:
    says: Digest | str = member.linkname
    if member.isreg():
        file, hasher = tar.extractfile(member), Hasher()
        assert file is not None
        while piece := file.read(READ_BYTES):
            hasher.update(piece)
        says = hasher.digest()
    return Entry(member.type, member.mode & 0o7777, (member.uid, member.gid), says)


def _name(member: tarfile.TarInfo) -> str:
    return member.name.removeprefix("./").strip("/") if member.name != "." else ""


def _mmdebstrap(arch: str, variant: str, target: Path, built_seconds: int, *more: str) -> None:
    run(
        [
            "mmdebstrap",
            f"--architectures={arch}",
            f"--variant={variant}",
            "--mode=root",
            "--include=?essential",
            f"--include={','.join(PACKAGES)}",
            '--aptopt=APT::Install-Recommends "false"',
            '--aptopt=Acquire::Languages "none"',
            "--dpkgopt=force-unsafe-io",
            *(f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT),
            *more,
            SUITE,
            target,
            "-",
        ],
        environment={"SOURCE_DATE_EPOCH": str(built_seconds)},
        data=sources().encode(),
    )


def _apt(arch: str, folder: Path) -> list[str]:
    """apt with folders of its own: it neither reads nor changes what this machine has installed."""
    for name in ("lists/partial", "archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "sources.list").write_text(sources())
    options = {
        "Dir::State::lists": folder / "lists",
        "Dir::State::status": "/dev/null",
        "Dir::Cache": folder,
        "Dir::Etc::sourcelist": folder / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "APT::Architecture": arch,
        "APT::Architectures": arch,
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
    }
    return ["apt-get", *(part for name, value in options.items() for part in ("-o", f"{name}={value}"))]
