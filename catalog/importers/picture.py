"""A single picture, or a single page: shown as a page of its own."""

import html
from urllib.parse import quote

from catalog.importers.intake import Intake, pieces_of, safe_name, slug, title_of
from catalog.importers.repairs.kinds import PAGE, by_content
from catalog.importers.site import page_title
from catalog.importers.source import Source
from catalog.importers.written import page_of
from catalog.manifest import Activity
from catalog.media import media_type

SHOWN = {"image/png", "image/jpeg", "image/gif", "image/webp"}


class Picture:
    """A picture in a file of its own."""

    format = "picture"

    def recognises(self, source: Source) -> bool:
        return by_content(source.head) in SHOWN

    def read(self, opened: Source, intake: Intake) -> list[Activity]:
        source, kind = opened.path, by_content(opened.head)
        name = intake.claim_id(slug(source.stem, "picture"))
        file = safe_name(source)
        file = file if media_type(file).startswith("image/") else f"{file}.{kind.partition('/')[2]}"
        title = title_of(source)
        shown = f'<p><img src="{html.escape(quote(file))}" alt="{html.escape(title)}"></p>'
        intake.add(f"{name}/{file}", pieces_of(source), media_type=kind)
        intake.add(f"{name}/index.html", [page_of(title, shown)], is_counted=False)
        return [Activity(name, "html", f"{name}/index.html", {intake.language: title})]


class Page:
    """A page in a file of its own. What it shows from beside it is not there, and the report says so."""

    format = "page"

    def recognises(self, source: Source) -> bool:
        return by_content(source.head) == PAGE

    def read(self, opened: Source, intake: Intake) -> list[Activity]:
        from catalog.importers.repairs.references import References

        source = opened.path
        name = intake.claim_id(slug(source.stem, "page"))
        references = References({"index.html"}, intake.report)
        intake.add(f"{name}/index.html", references.mended("index.html", pieces_of(source)))
        references.finish()
        title = page_title(opened.head) or title_of(source)
        return [Activity(name, "html", f"{name}/index.html", {intake.language: title})]
