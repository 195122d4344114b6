"""HTML sites: pages that lie in a folder or were packed in one archive."""

from catalog.importers.intake import Intake, title_of
from catalog.importers.site import arrange, no_start, page_title
from catalog.importers.source import Source
from catalog.manifest import Activity

SITE = "site"


class HtmlSite:
    """A folder or an archive with a page to start with."""

    def __init__(self, *, is_packed: bool) -> None:
        self.format = "html-zip" if is_packed else "folder"
        self._is_packed = is_packed

    def recognises(self, source: Source) -> bool:
        return source.is_zip if self._is_packed else source.is_folder

    def read(self, source: Source, intake: Intake) -> list[Activity]:
        tree = source.tree
        assert tree is not None, "it was recognised"
        site = arrange(source.name, tree.paths)
        if site is None:
            raise no_start(source.name)
        name = intake.claim_id(SITE)
        title = ""
        for found in tree.paths:
            path = site.files.get(found)
            if path is not None:
                added = intake.add(f"{name}/{path}", tree.pieces(found), is_counted=False)
                title = page_title(added.head) if path == site.start else title
            intake.advance(tree.source_bytes(found))
        intake.report.left_out += [f"{path}: left behind by the computer that made it." for path in site.left_out]
        return [Activity(name, "html", f"{name}/{site.start}", {intake.language: title or title_of(source.path)})]
