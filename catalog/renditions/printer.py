"""The printer: LibreOffice at work on strangers' files, in a child that may do little.

* It runs with a profile of its own that is thrown away, in which macros are off and linked files are not fetched; where
  the machine lets it, without any network.
* Time, memory and the size of what is written are limited (`catalog/confined.py`).
"""

import shutil
import subprocess
from pathlib import Path

from catalog.confined import ENVIRONMENT, can_confine, confined

PRINT_SECONDS_MAX = 300
MEMORY_BYTES_MAX = 6 << 30
WRITTEN_BYTES_MAX = 1 << 30

_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">\
<prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">\
<prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">\
<prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Calc/Content/Update">\
<prop oor:name="Link" oor:op="fuse"><value>1</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update">\
<prop oor:name="Link" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""


def has_printer() -> bool:
    """Tell whether this machine has LibreOffice."""
    return shutil.which("soffice") is not None and can_confine()


def printed(source: Path, place: Path) -> Path | None:
    """The PDF of an office file, made in the folder `place`; None where it could not be made."""
    profile, made = place / "profile", place / "made"
    (profile / "user").mkdir(parents=True)
    made.mkdir()
    (profile / "user" / "registrymodifications.xcu").write_text(_SETTINGS, "utf-8")
    command = [
        "soffice", f"-env:UserInstallation={profile.resolve().as_uri()}", "--headless", "--norestore", "--nologo",
        "--convert-to", "pdf", "--outdir", str(made), str(source.resolve()),
    ]  # fmt: skip
    subprocess.run(
        [*_without_network(), *confined(command, PRINT_SECONDS_MAX, MEMORY_BYTES_MAX, WRITTEN_BYTES_MAX)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**ENVIRONMENT, "HOME": str(place)}, check=False,
    )  # fmt: skip
    found = [path for path in made.iterdir() if path.suffix == ".pdf" and path.stat().st_size]
    return found[0] if found else None


def _without_network() -> list[str]:
    """Rooms of their own for the network, where the machine grants them to anybody."""
    alone = ["unshare", "--user", "--map-root-user", "--net", "--kill-child"]
    tried = subprocess.run([*alone, "true"], capture_output=True, check=False) if shutil.which("unshare") else None
    return alone if tried is not None and tried.returncode == 0 else []
