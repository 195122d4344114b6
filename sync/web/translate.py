"""Translations kept up to date: `python -m sync.web.translate` (`make translations`).

* Every sentence of every page is in `translations/<language>/.../messages.po`, once, with the files that say it.
* What translators wrote is never lost while its English stays as it is; sentences no page says any more are dropped.
* The same sources give the same bytes: no dates, no line numbers, so a change shows only what was changed.
"""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from sync.web.language import LANGUAGES, SOURCE_LANGUAGE, TRANSLATIONS

ROOT = Path(__file__).parents[2]
PACKAGES = ("catalog", "sync", "edge", "provisioning")
METHODS = [("**/templates/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None}
LINE_LETTERS = 120
EVERLASTING = datetime(2026, 1, 1, tzinfo=UTC)
"""The date in every header: the history knows when a sentence was changed, the file need not."""


def main() -> None:
    sentences = extracted()
    for language in LANGUAGES:
        if language == SOURCE_LANGUAGE:
            continue
        folder = TRANSLATIONS / language / "LC_MESSAGES"
        folder.mkdir(parents=True, exist_ok=True)
        catalogue = updated(read(language), sentences)
        (folder / "messages.po").write_bytes(as_po(catalogue))
        (folder / "messages.mo").write_bytes(as_mo(catalogue))
        print(f"{language}: {len(catalogue)} sentences, {len(missing(catalogue))} to translate")  # noqa: T201 - a tool


def extracted() -> Catalog:
    """Collect every sentence of our pages."""
    sentences = Catalog(charset="utf-8")
    for package in PACKAGES:
        found = extract_from_dir(ROOT / package, METHODS, keywords=KEYWORDS, strip_comment_tags=True)
        for path, _line, message, comments, context in found:
            place = (Path(package) / path).as_posix()
            sentences.add(message, None, [(place, 0)], auto_comments=comments, context=context)
    return sentences


def read(language: str) -> Catalog:
    """Read what translators wrote, or begin."""
    path = TRANSLATIONS / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return Catalog(locale=language, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language, charset="utf-8")


def updated(catalogue: Catalog, sentences: Catalog) -> Catalog:
    """The same translations, for the sentences of now."""
    catalogue.update(sentences, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.project, catalogue.version = "Qanat", "1"
    catalogue.last_translator = catalogue.language_team = catalogue.msgid_bugs_address = "Qanat"
    catalogue.header_comment = "# Sentences of Qanat's pages. Kept up to date by `make translations`."
    catalogue.fuzzy = False
    catalogue.creation_date = catalogue.revision_date = EVERLASTING
    return catalogue


def missing(catalogue: Catalog) -> list[str]:
    """Sentences that are not, or not wholly, translated."""
    return [
        message.id if isinstance(message.id, str) else message.id[0]
        for message in catalogue
        if message.id and (message.fuzzy or not all(_forms(message.string)))
    ]


def _forms(string: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (string or "",) if string is None or isinstance(string, str) else tuple(string)


def as_po(catalogue: Catalog) -> bytes:
    file = BytesIO()
    write_po(file, catalogue, width=LINE_LETTERS, sort_output=True, include_lineno=False)
    return file.getvalue()


def as_mo(catalogue: Catalog) -> bytes:
    file = BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


if __name__ == "__main__":
    main()
