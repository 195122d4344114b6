"""Office files, told by what is in them: Word, PowerPoint and Excel, old and new, OpenDocument and RTF.

* Where LibreOffice is, they are printed as PDF, which every phone reads, and the file itself is kept beside it.
* Where it is not, or cannot print one, the file is kept to be saved on a phone, and the report says so.
"""

from catalog.importers.intake import Intake, pieces_of, safe_name, slug, title_of
from catalog.importers.single import DOWNLOAD
from catalog.importers.source import Source, contents
from catalog.manifest import Activity
from catalog.renditions.printer import printed

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
RTF = b"{\\rtf"
CONTENT_TYPES = "[Content_Types].xml"
PARTS = {"word/": "docx", "ppt/": "pptx", "xl/": "xlsx"}
OPEN_DOCUMENT = b"application/vnd.oasis.opendocument."
OPEN_KINDS = {b"text": "odt", b"presentation": "odp", b"spreadsheet": "ods", b"graphics": "odg"}
ORIGINAL = "original"


class Office:
    """A text, slides or a table."""

    format = "office"

    def recognises(self, source: Source) -> bool:
        return bool(_kind(source))

    def read(self, opened: Source, intake: Intake) -> list[Activity]:
        source = opened.path
        size_bytes = source.stat().st_size
        name = intake.claim_id(slug(source.stem, "file"))
        kept = f"{name}/{safe_name(source)}"
        intake.add(kept, pieces_of(source))
        title = {intake.language: title_of(source)}
        file = {"height": 0, "kind": DOWNLOAD, "name": ORIGINAL, "path": kept, "size_bytes": size_bytes}
        if intake.studio is not None and intake.studio.can_print:
            with intake.workplace() as place:
                pdf = printed(source, place)
                if pdf is not None:
                    path = f"{name}/{name}.pdf"
                    intake.add(path, pieces_of(pdf), media_type="application/pdf", is_counted=False)
                    intake.report.repaired.append(f"{source.name}: printed as PDF; the file itself is kept beside it.")
                    return [Activity(name, "pdf", path, title, {"renditions": [file]})]
            intake.report.noted.append(f"{source.name}: LibreOffice cannot print it; kept as a file to save.")
        else:
            intake.report.noted.append(
                f"{source.name}: kept as a file to save. With LibreOffice on the hub it would be printed as PDF."
            )
        return [Activity(name, DOWNLOAD, kept, title, {"bytes": size_bytes})]


def _kind(source: Source) -> str:
    """Which kind of office file this is; "" where it is none."""
    if source.head.startswith(OLE):
        return "ole"
    if source.head.startswith(RTF):
        return "rtf"
    if not source.is_zip or source.tree is None:
        return ""
    paths = set(source.tree.paths)
    if CONTENT_TYPES in paths:
        return next((kind for part, kind in PARTS.items() if any(path.startswith(part) for path in paths)), "")
    if "mimetype" in paths and source.tree.size_bytes("mimetype") <= 100:
        said = contents(source.tree, "mimetype", 100).strip()
        rest = said.removeprefix(OPEN_DOCUMENT)
        return next((kind for part, kind in OPEN_KINDS.items() if rest != said and rest.startswith(part)), "")
    return ""
