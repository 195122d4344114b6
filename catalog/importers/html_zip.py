"""HTML zips: a site packed in one archive."""

from pathlib import Path

from catalog.importers.archive import Archive, is_zip
from catalog.importers.intake import Intake, first_bytes, title_of
from catalog.importers.site import arrange, no_start, page_title
from catalog.manifest import Activity

SITE = "site"


class HtmlZip:
    """An archive with a page to start with."""

    format = "html-zip"

    def recognises(self, source: Path) -> bool:
        return source.is_file() and is_zip(first_bytes(source))

    def read(self, source: Path, intake: Intake) -> list[Activity]:
        with Archive(source, intake.report) as archive:
            site = arrange(source.name, [member.path for member in archive.members])
            if site is None:
                raise no_start(source.name)
            name = intake.claim_id(SITE)
            title = ""
            for member in archive.members:
                path = site.files.get(member.path)
                if path is not None:
                    added = intake.add(f"{name}/{path}", archive.pieces(member), is_counted=False)
                    title = page_title(added.head) if path == site.start else title
                intake.advance(member.packed_bytes)
        intake.report.left_out += [f"{path}: left behind by the computer that packed it." for path in site.left_out]
        return [Activity(name, "html", f"{name}/{site.start}", {intake.language: title or title_of(source)})]
