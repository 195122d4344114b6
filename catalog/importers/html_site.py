"""HTML sites: pages that lie in a folder or were packed in one archive."""

from catalog.importers.intake import Added, Intake, title_of
from catalog.importers.repairs.site import take
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
        titles: dict[str, str] = {}

        def seen(path: str, added: Added) -> None:
            if path == site.start:
                titles[path] = page_title(added.head)

        take(tree, site.files, name, intake, seen)
        intake.report.left_out += [f"{path}: left behind by the computer that made it." for path in site.left_out]
        return [
            Activity(
                name, "html", f"{name}/{site.start}", {intake.language: titles.get(site.start) or title_of(source.path)}
            )
        ]
