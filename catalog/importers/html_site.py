"""HTML sites: pages that lie in a folder or were packed in one archive."""

from pathlib import Path

from catalog.importers.intake import Added, Intake, slug, title_of
from catalog.importers.repairs.site import take
from catalog.importers.site import START_PAGES, arrange, no_start, page_title
from catalog.importers.source import Source
from catalog.manifest import Activity

SITE = "site"
NAMED_MAX = 5


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
        site = arrange(source.name, tree.paths, is_deep=True)
        if site is None:
            raise no_start(source.name)
        name = intake.claim_id(SITE)
        titles: dict[str, str] = {}

        def seen(path: str, added: Added) -> None:
            if path in site.starts:
                titles[path] = page_title(added.head)

        take(tree, site.files, name, intake, seen)
        intake.report.left_out += [f"{path}: left behind by the computer that made it." for path in site.left_out]
        is_several = len(site.starts) > 1
        if is_several:
            intake.about.title = intake.about.title or title_of(source.path)
        if is_several or "/" in site.starts[0]:
            pages = ", ".join(site.starts[:NAMED_MAX])
            more = f" and {len(site.starts) - NAMED_MAX} more" if len(site.starts) > NAMED_MAX else ""
            intake.report.repaired.append(f"No page to start with lies at the top; it is opened by {pages}{more}.")
        return [
            Activity(
                name if start is site.starts[0] else intake.claim_id(f"{name}-{_called(start)}"),
                "html",
                f"{name}/{start}",
                {intake.language: titles.get(start) or title_of(_named(start) if is_several else source.path)},
            )
            for start in site.starts
        ]


def _called(start: str) -> str:
    return slug(start.rpartition(".")[0].removesuffix("index").removesuffix("INDEX"), "page")


def _named(start: str) -> Path:
    """What a page without a title is called like: its folder, where it is the start of one, or its own file."""
    folder, _, page = start.rpartition("/")
    return Path(folder) if page.lower() in START_PAGES else Path(page)
