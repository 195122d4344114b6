"""Our own part of an image: the lock's wheels, installed with no network, and ourselves.

* The wheelhouse holds exactly what the lock names, by its hashes; installing takes nothing from anywhere else.
* Modules are compiled once, by the very Python that will read them, and never looked at again: the root never changes.
"""

import shutil
import sys
from pathlib import Path

from catalog.fault import BoxFault
from provisioning.image import fence
from provisioning.image.tools import run

SOURCE = Path(__file__).parents[2]
LOCK = SOURCE / "lock" / "box.txt"
HOME = "opt/qanat"
FLOORS = ("catalog", "sync", "edge", "provisioning")

PYTHON = "3.13"
"""Of Debian stable."""
MACHINES = {"arm64": "aarch64", "amd64": "x86_64"}
LIBRARIES = ("manylinux_2_34", "manylinux_2_28", "manylinux2014", "manylinux_2_17")

LAUNCHER = f"""#!/usr/bin/python3 -sE
import sys

sys.path.insert(0, "/{HOME}")
from provisioning.cli import main

main()
"""
"""The `qanat` command of the appliance."""

LANGUAGES_KEPT = ("en", "fr", "ar", "root")
"""Of Babel's words for dates and numbers: 32 MiB are in languages that no page speaks."""
INSTALLERS_OWN = ("INSTALLER", "RECORD", "REQUESTED", "direct_url.json")
"""What pip writes down for itself, with the folder of this build in it."""
LEFT_OUT = ("sync/hub", "bin", "provisioning/samples", "provisioning/demo.py")
"""What no box needs. (`provisioning` itself serves first boot, the network and `explain`.)"""


def fetch_wheels(arch: str, folder: Path) -> None:
    """Fill `folder` with the lock's wheels for an architecture, and our own."""
    _pip("download", "--quiet", *_for(arch), "--require-hashes", "--requirement", str(LOCK), "--dest", str(folder))
    if not (SOURCE / "pyproject.toml").exists():
        raise BoxFault("An image is built from a checkout, and this is none.", "Clone the repository and run it there.")


def own_wheel(folder: Path) -> None:
    """Make our own wheel in `folder`."""
    copy = folder / "source"
    copy.mkdir()
    for name in (*FLOORS, "pyproject.toml", "README.md", "LICENSE"):
        source = SOURCE / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    _pip("wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(folder), str(copy))
    shutil.rmtree(copy)


def install(arch: str, wheels: Path, own: Path, root: Path) -> None:
    """Install the wheelhouse and ourselves into a root, with no network."""
    target = fence.place_folder(root, HOME)
    every = [str(wheel) for folder in (wheels, own) for wheel in sorted(folder.glob("*.whl"))]
    _pip("install", "--quiet", "--no-index", "--no-deps", "--no-compile", *_for(arch), "--target", str(target), *every)
    for name in LEFT_OUT:
        fence.removed(root, f"{HOME}/{name}")
    for pattern in INSTALLERS_OWN:
        fence.removed(root, f"{HOME}/*.dist-info/{pattern}")
    for words in (target / "babel" / "locale-data").glob("*.dat"):
        if words.stem.partition("_")[0] not in LANGUAGES_KEPT:
            words.unlink()
    fence.place(root, "usr/bin/qanat", LAUNCHER.encode(), 0o755)


def install_firmware(extras: Path, root: Path) -> None:
    """Put the firmware of radios where the kernel looks for it."""
    for package in sorted(extras.glob("firmware-*")):
        for file in sorted((package / "usr/lib/firmware").rglob("*")):
            name = f"usr/lib/firmware/{file.relative_to(package / 'usr/lib/firmware')}"
            if file.is_symlink():
                fence.place_link(root, name, str(file.readlink()))
            elif file.is_file():
                fence.place(root, name, file.read_bytes())


def unpack(tar: Path, folder: Path) -> None:
    """Unpack a root that this machine can run."""
    run(["tar", "--extract", "--file", tar, "--directory", folder, "--numeric-owner", "--same-permissions"])


def compile_modules(native_root: Path, root: Path) -> None:
    """Compile all modules of `root` by the Python of `native_root`, which this machine can run.

    What is compiled is the same on every architecture.
    """
    for name in (HOME, "usr/lib/python3"):
        place = native_root / "compiled"
        if not (root / name).is_dir():
            continue
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(root / name, place, symlinks=True)
        run(
            ["chroot", native_root, "/usr/bin/python3", "-m", "compileall", "-q", "-j", "0",
             "-s", "/compiled", "-p", f"/{name}", "--invalidation-mode", "unchecked-hash", "/compiled"],
            environment={"PYTHONHASHSEED": "0"},
        )  # fmt: skip
        for compiled in sorted(place.rglob("__pycache__/*.pyc")):
            fence.place(root, f"{name}/{compiled.relative_to(place)}", compiled.read_bytes())
        shutil.rmtree(place)


def _for(arch: str) -> list[str]:
    options = ["--only-binary=:all:", "--implementation", "cp", "--python-version", PYTHON]
    options += ["--abi", f"cp{PYTHON.replace('.', '')}", "--abi", "abi3", "--abi", "none"]
    for libraries in LIBRARIES:
        options += ["--platform", f"{libraries}_{MACHINES[arch]}"]
    return options


def _pip(*arguments: str) -> None:
    run([sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments])
