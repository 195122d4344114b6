"""`make vendor`: fetch the players that the box brings along, as their lock pins them.

* A package comes through npm's own client and is taken only if its hash is the pinned one; nothing of it is run.
* Of each only the files that a player needs are kept, unchanged, with a compressed copy made here.
* `python -m provisioning.vendoring NAME@VERSION` pins another version of one that is there already.
"""

import base64
import gzip
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import click

from catalog.digest import sha256
from catalog.durable import write_file
from catalog.fault import CallerFault, Fault
from edge.library.vendor import FOLDER, LOCK

PACKAGE_BYTES_MAX = 32 << 20
COMPRESSED = (".css", ".js", ".svg")


@click.command()
@click.argument("pins", nargs=-1)
def vendor(pins: tuple[str, ...]) -> None:
    """Fetch every vendored player; PINS (name@version) are pinned anew."""
    lock = json.loads(LOCK.read_text(encoding="utf-8"))
    try:
        for pin in pins:
            name, _, version = pin.rpartition("@")
            if name not in lock or not version:
                raise CallerFault(f"{pin} is not one of {', '.join(lock)} at a version.", "Write name@version.")
            lock[name] |= {"version": version, "integrity": ""}
        for name, entry in lock.items():
            entry["integrity"], entry["files"] = _fetch(name, entry)
            click.echo(f"{name} {entry['version']}: {len(entry['files'])} files")
    except Fault as fault:
        click.echo(fault, err=True)
        sys.exit(fault.exit_code)
    write_file(LOCK, (json.dumps(lock, indent=1, sort_keys=True) + "\n").encode())


def _fetch(name: str, entry: dict[str, object]) -> tuple[str, dict[str, str]]:
    """Unpack the wanted files of one package; returns its integrity and what was written."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["npm", "pack", "--silent", f"{name}@{entry['version']}"], cwd=folder, capture_output=True, check=False
        )
        packed = next(Path(folder).glob("*.tgz"), None)
        if done.returncode or packed is None:
            raise CallerFault(f"{name} could not be fetched.", "Look whether npm is there and reaches its registry.")
        data = packed.read_bytes()
        integrity = f"sha512-{base64.b64encode(hashlib.sha512(data).digest()).decode()}"
        if entry["integrity"] not in ("", integrity):
            raise CallerFault(f"{name} is not what the lock pins.", "Pin it anew only if you know why it changed.")
        with tarfile.open(packed) as archive:
            return integrity, _unpack(archive, FOLDER / name, entry)


def _unpack(archive: tarfile.TarFile, folder: Path, entry: dict[str, object]) -> dict[str, str]:
    wanted, licence_file = entry["wanted"], str(entry["licence_file"])
    assert isinstance(wanted, dict), "the lock names the wanted files by their place in the package"
    written: dict[str, str] = {}
    for path, inside in sorted({licence_file: licence_file, **wanted}.items()):
        member = archive.extractfile(f"package/{inside}")
        if member is None:
            raise CallerFault(f"The package has no {inside}.", "Look what its new version calls it.")
        data = member.read(PACKAGE_BYTES_MAX)
        written[path] = _write(folder / path, data)
        if path.endswith(COMPRESSED):
            written[f"{path}.gz"] = _write(folder / f"{path}.gz", gzip.compress(data, 9, mtime=0))
    return written


def _write(path: Path, data: bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, data)
    return sha256(data).hex()


if __name__ == "__main__":
    vendor()
