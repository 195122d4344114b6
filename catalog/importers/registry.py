"""The registry: which importer reads which source.

* What a source is, its content says, not its name. A new format is one more line in `IMPORTERS`, which are asked in
  their order: what is told by a manifest comes before what any archive or folder could be.
"""

from collections.abc import Sequence
from pathlib import Path

from catalog.fault import ContentFault
from catalog.importers.books.epub import Epub
from catalog.importers.cartridge.cartridge import Cartridge
from catalog.importers.html_site import HtmlSite
from catalog.importers.intake import Importer
from catalog.importers.kolibri.kolibri import Kolibri
from catalog.importers.media.film import Film
from catalog.importers.moodle.mbz import MoodleBackup
from catalog.importers.office.office import Office
from catalog.importers.packages.cmi5 import Cmi5
from catalog.importers.packages.h5p import H5p
from catalog.importers.packages.scorm import Scorm
from catalog.importers.packages.tincan import Tincan
from catalog.importers.pdf import Pdf
from catalog.importers.picture import Page, Picture
from catalog.importers.questions.files import Aiken, Gift, MoodleXml, Qti12
from catalog.importers.questions.qti2_package import Qti2
from catalog.importers.report import Report
from catalog.importers.source import Source
from catalog.importers.zim.zim import Zim

IMPORTERS: Sequence[Importer] = (
    Cmi5(),
    Tincan(),
    Scorm(),
    Cartridge(),
    MoodleBackup(),
    Epub(),
    Kolibri(),
    Office(),
    Zim(),
    MoodleXml(),
    Qti12(),
    H5p(),
    Qti2(),
    HtmlSite(is_packed=False),
    HtmlSite(is_packed=True),
    Film(is_sound=False),
    Film(is_sound=True),
    Pdf(),
    Picture(),
    Page(),
    Gift(),
    Aiken(),
)


def is_package(folder: Path) -> bool:
    """Tell whether a folder is an unpacked package: it says so itself, and is never taken apart."""
    with Source(folder, Report()) as source:
        return any(importer.recognises(source) for importer in IMPORTERS if importer.format != "folder")


def importer_of(source: Source) -> Importer:
    """Who reads this source. Raises ContentFault where nobody does, CallerFault where it cannot be read."""
    for importer in IMPORTERS:
        if importer.recognises(source):
            return importer
    if source.head[257:262] == b"ustar":
        raise ContentFault(f"{source.name} is a tar archive, which is not imported.", "Pack the same files as a zip.")
    if not source.head:
        raise ContentFault(f"{source.name} is empty.", "Fetch it again and import it again.")
    raise ContentFault(
        f"{source.name} is not a kind of file that can be imported; its content says so, whatever its name.",
        "Bring a package (SCORM, cmi5, xAPI, H5P, a cartridge, a Moodle backup), a site, a film, a book or a quiz.",
    )
