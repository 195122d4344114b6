"""One file, or one address, inside a course: an activity of the kind that its content is.

* A file that some importer knows (a book, a film, a package) is what that importer makes of it.
* Any other file is kept as it is, to be saved on a phone; an address is a page that says where it leads.
"""

import html
import re
import string
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from urllib.parse import quote, urlsplit

from catalog.fault import ContentFault
from catalog.importers.intake import Intake, safe_name
from catalog.importers.written import page_of
from catalog.manifest import Activity
from catalog.web_address import is_web_address

PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
_HOST = re.compile(r"(?:[a-z0-9-]{1,63}\.){1,5}(?:com|org|net|edu|gov|info|io|[a-z]{2})(?:[/?#:]|$)", re.IGNORECASE)
"""How an address begins that somebody wrote without its scheme; names of files do not end so."""
LINK, DOWNLOAD = "link", "download"
PLAYED = frozenset(
    {".pdf", ".epub", ".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".ogv", ".mp3", ".m4a", ".ogg", ".oga", ".opus",
     ".wav", ".flac", ".aac", ".zip", ".h5p", ".mbz", ".imscc", ".doc", ".docx", ".ppt", ".pptx", ".xls", ".xlsx",
     ".odt", ".odp", ".ods", ".rtf", *PICTURES}
)  # fmt: skip
"""Files that an importer may know; their content decides."""


def link_activity(intake: Intake, name: str, title: str, address: str) -> Activity | None:
    """A link to the internet; None, with a line in the report, where the address is none that a phone may open."""
    written, address = address, _opened(address.strip())
    if is_web_address(address) and address != written.strip():
        intake.report.repaired.append(f"{title or 'A link'}: its address is {address[:200]}; it was {written[:200]}.")
    if not is_web_address(address):
        intake.report.left_out.append(f"{title or 'A link'}: it leads to no page of the web: {address[:200] or '?'}.")
        return None
    title = title or urlsplit(address).hostname or address[:200]
    path = f"{name}/index.html"
    said = (
        f'<p><a href="{html.escape(address)}" target="_blank" rel="noopener noreferrer">{html.escape(address)}</a></p>'
    )
    intake.add(path, [page_of(title, said)], is_counted=False)
    return Activity(name, LINK, path, {intake.language: title}, {"address": address})


def _opened(address: str) -> str:
    """An address as a browser opens it: without spaces in it, and with how to get there."""
    if is_web_address(address):
        return address
    quoted = quote(address, safe=string.punctuation)
    return f"https://{quoted}" if _HOST.match(quoted) else quoted


def file_activities(
    intake: Intake, name: str, title: str, file_name: str, pieces: Callable[[], Iterable[bytes]]
) -> list[Activity]:
    """What a file is; `name` is for one that no importer knows."""
    kept = safe_name(Path(file_name))
    if PurePosixPath(kept).suffix.lower() in PLAYED:
        try:
            found = intake.read_inner(kept, pieces())
            return [replace(found[0], title={intake.language: title})] if len(found) == 1 else found
        except ContentFault as fault:
            intake.report.repaired.append(f"{title}: it is kept as a file; it cannot be opened here: {fault.sentence}")
    path = f"{name}/{kept}"
    added = intake.add(path, pieces(), is_counted=False)
    return [Activity(name, DOWNLOAD, path, {intake.language: title}, {"bytes": added.entry.size_bytes})]
