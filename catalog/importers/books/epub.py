"""EPUB 2 and 3: a book's chapters as pages, in its own order, with its contents and its cover.

* The files keep their places, so that the chapters' own links hold; what only readers' programs need stays out.
* A chapter that is not well-formed goes as a page that browsers forgive; one that is missing is left out and said.
* What the book's list calls nearly as a file is called is that file; a chapter that no browser shows is what the book
  says may stand for it, and one that is a picture gets a page around it.
* A book that is locked to one reader's program is refused; scrambled fonts alone lock nothing.
"""

import html
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote

from catalog.fault import ContentFault
from catalog.importers.books.contents import Heading, headings_of
from catalog.importers.intake import Intake, slug, title_of
from catalog.importers.repairs.site import take
from catalog.importers.repairs.zawgyi import unicode_of
from catalog.importers.rewriting import Paths
from catalog.importers.site import is_junk
from catalog.importers.source import Source, Tree, contents
from catalog.importers.xml import Element, children, descendants, parse_xml, text_of
from catalog.manifest import Activity, is_safe_path
from catalog.media import media_type

CONTAINER = "META-INF/container.xml"
ENCRYPTION = "META-INF/encryption.xml"
PACKAGE_MEDIA_TYPE = "application/oebps-package+xml"
DOCUMENT_BYTES_MAX = 16 << 20
SPINE_MAX = 5_000
HEADINGS_MAX = 500
WORDS_MAX = 2_000
SUBJECTS_MAX = 20
PAGE_TYPES = {"application/xhtml+xml", "text/html", "image/svg+xml"}
SCRAMBLED_FONTS = {"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"}
LISTING = ".opf"
FALLBACKS_MAX = 10
_PICTURE_PAGE = (
    '<html xmlns="http://www.w3.org/1999/xhtml"><head><title></title><style>body{{margin:0;text-align:center}}'
    "img{{max-width:100%;height:auto}}</style></head><body>{}</body></html>"
)
FITTING = b"<style>img,svg,video{max-width:100%;height:auto}body{overflow-wrap:break-word}</style>"
"""Books are laid out for pages of paper; on a phone a picture must not be wider than the screen."""


@dataclass(frozen=True, slots=True)
class Item:
    """A file that the book's package lists, by its path in the archive."""

    path: str
    media_type: str
    properties: frozenset[str]
    fallback: str = ""
    """Which item of the list may stand for it."""


@dataclass(frozen=True, slots=True)
class Package:
    """What a book says of itself."""

    title: str
    author: str
    description: str
    language: str
    rights: str
    identifier: str
    subjects: tuple[str, ...]
    items: Mapping[str, Item]
    spine: tuple[str, ...]
    navigation: str
    cover: str


class Epub:
    """A book in an EPUB file, or unpacked in a folder."""

    format = "epub"

    def recognises(self, source: Source) -> bool:
        if source.tree is None:
            return False
        paths = source.tree.paths
        return CONTAINER in paths or ("mimetype" in paths and any(path.endswith(LISTING) for path in paths))

    def read(self, opened: Source, intake: Intake) -> list[Activity]:
        tree = opened.tree
        assert tree is not None, "it was recognised"
        _demand_open(opened.name, tree, intake)
        package = _package(opened.name, tree)
        spine = _spine(opened.name, tree, package, intake)
        name = intake.claim_id(slug(package.title or opened.path.stem, "book"))
        _tell(package, intake)
        pictures = {path: f"{path}.xhtml" for path in spine if _is_picture(path, package)}
        renamed = _forgiven(tree, [path for path in spine if path not in pictures], intake)
        junk = [path for path in tree.paths if is_junk(path)]
        intake.report.left_out += [f"{path}: left behind by the computer that made it." for path in junk]
        wanted = [path for path in tree.paths if path not in junk and not _is_for_programs(path, package)]
        kept = {path: renamed.get(path, path) for path in wanted}
        take(tree, kept, name, intake, renamed=renamed, style=FITTING)
        for path, page in pictures.items():
            shown = f'<img src="{html.escape(quote(posixpath.basename(path)))}" alt=""/>'
            intake.add(f"{name}/{page}", [_PICTURE_PAGE.format(shown).encode()], is_counted=False)
        shown_as = {**renamed, **pictures}
        paths = [f"{name}/{shown_as.get(path, path)}" for path in spine]
        headings = _headings(tree, package, intake)
        attributes = {"spine": paths, "toc": _toc(headings, spine)}
        if package.author:
            attributes["author"] = package.author
        if package.cover in kept:
            attributes["cover"] = f"{name}/{package.cover}"
        title = {intake.language: package.title or title_of(opened.path)}
        return [Activity(name, "epub", paths[0], title, attributes)]


def _package(name: str, tree: Tree) -> Package:
    files = Paths.of(tree.paths)
    place = _listing(tree, files)
    if place is None:
        raise _broken(name, "the list of its chapters is missing")
    document = _document(tree, place)
    folder = posixpath.dirname(place)
    items = {one.get("id", ""): _item(folder, one, files) for one in children(document, "manifest", "item")}
    wanted = [ref.get("idref", "") for ref in children(document, "spine", "itemref")]
    spine = [_shown(items[one], items) for one in wanted if one in items]
    found = next((one for one in document if one.tag == "spine"), None)
    navigation = [one.path for one in items.values() if "nav" in one.properties]
    older = items.get(found.get("toc", "") if found is not None else "")
    covers = [one.path for one in items.values() if "cover-image" in one.properties]
    named = [items[meta.get("content", "")].path for meta in descendants(document, "meta")
             if meta.get("name") == "cover" and meta.get("content", "") in items]  # fmt: skip
    return Package(
        _said(document, "title"),
        _said(document, "creator"),
        _said(document, "description"),
        _said(document, "language"),
        _said(document, "rights"),
        _said(document, "identifier"),
        tuple(text_of(one)[:100] for one in descendants(document, "subject"))[:SUBJECTS_MAX],
        items,
        tuple(dict.fromkeys(one.path for one in spine)),
        next((path for path in (*navigation, older.path if older else "") if path in tree.paths), ""),
        next((path for path in (*covers, *named) if path in tree.paths), ""),
    )


def _listing(tree: Tree, files: Paths) -> str | None:
    """The book's list: where its container says, else the only one that is there."""
    roots = list(descendants(_document(tree, CONTAINER), "rootfile")) if CONTAINER in tree.paths else []
    roots.sort(key=lambda one: one.get("media-type") != PACKAGE_MEDIA_TYPE)
    named = next((found for one in roots if (found := files.find(one.get("full-path", "?")))), None)
    listings = [path for path in tree.paths if path.endswith(LISTING)]
    return named or (listings[0] if len(listings) == 1 else None)


def _item(folder: str, one: Element, files: Paths) -> Item:
    path = posixpath.normpath(posixpath.join(folder, one.get("href", "").partition("#")[0]))
    return Item(
        files.find(path) or unquote(path),
        one.get("media-type", "").lower(),
        frozenset(one.get("properties", "").split()),
        one.get("fallback", ""),
    )


def _shown(item: Item, items: Mapping[str, Item]) -> Item:
    """The item, or the first that may stand for it and is a page; a picture needs none to stand for it."""
    found = item
    if item.media_type.startswith("image/"):
        return item
    for _ in range(FALLBACKS_MAX):
        if found.media_type in PAGE_TYPES or found.fallback not in items:
            break
        found = items[found.fallback]
    return found if found.media_type in PAGE_TYPES else item


def _is_picture(path: str, package: Package) -> bool:
    kinds = {item.path: item.media_type for item in package.items.values()}
    kind = kinds.get(path) or media_type(path)
    return kind.startswith("image/") and kind not in PAGE_TYPES


def _said(document: Element, name: str) -> str:
    return unicode_of(text_of(next(descendants(document, name), None)))[:WORDS_MAX]


def _spine(name: str, tree: Tree, package: Package, intake: Intake) -> list[str]:
    """The chapters that are there; of a book that lists none, its pages in the order of the list."""
    types = {item.path: item.media_type for item in package.items.values()}
    listed = package.spine or tuple(path for path, kind in types.items() if kind in PAGE_TYPES)
    there = set(tree.paths)
    found = [path for path in listed if path in there and is_safe_path(path)]
    intake.report.left_out += [f"{path}: a chapter that is not in the book." for path in listed if path not in there]
    pages = [
        path
        for path in found
        if types.get(path, "") in PAGE_TYPES or media_type(path) in PAGE_TYPES or _is_picture(path, package)
    ]
    if not pages:
        raise _broken(name, "none of its chapters is in it")
    if len(pages) > SPINE_MAX:
        raise ContentFault(f"{name} has more than {SPINE_MAX:,} chapters.", "Divide the book.")
    return pages


def _forgiven(tree: Tree, spine: Sequence[str], intake: Intake) -> dict[str, str]:
    """Chapters that go under another name: no browser would open them as they are called, or as they are written."""
    renamed = {}
    for path in spine:
        is_page = media_type(path) in PAGE_TYPES
        is_well = media_type(path) == "text/html" or _is_well_formed(tree, path)
        new = path if is_page and is_well else f"{path}.xhtml" if is_well else f"{path}.html"
        if new != path and new not in tree.paths:
            renamed[path] = new
            if not is_well:
                intake.report.repaired.append(f"{path}: not well-formed; it is shown as a plain page.")
    return renamed


def _is_well_formed(tree: Tree, path: str) -> bool:
    try:
        parse_xml(contents(tree, path, DOCUMENT_BYTES_MAX), path)
    except ContentFault:
        return False
    return True


def _headings(tree: Tree, package: Package, intake: Intake) -> Sequence[Heading]:
    """The book's own contents; none, and a line in the report, where they cannot be read."""
    if not package.navigation:
        return []
    try:
        return headings_of(_document(tree, package.navigation), package.navigation)
    except ContentFault as fault:
        intake.report.left_out.append(f"The book's own contents: {fault.sentence}")
        return []


def _toc(headings: Sequence[Heading], spine: Sequence[str]) -> list[dict[str, object]]:
    """The contents: each heading with the number of its chapter."""
    numbers = {path: number for number, path in enumerate(spine)}
    return [
        {"depth": one.depth, "fragment": one.fragment, "part": numbers[one.path], "title": one.title}
        for one in headings
        if one.path in numbers
    ][:HEADINGS_MAX]


def _demand_open(name: str, tree: Tree, intake: Intake) -> None:
    """Raises ContentFault where the text itself is locked."""
    if ENCRYPTION not in tree.paths:
        return
    methods = {one.get("Algorithm", "") for data in descendants(_document(tree, ENCRYPTION), "EncryptedData")
               for one in descendants(data, "EncryptionMethod")}  # fmt: skip
    if methods - SCRAMBLED_FONTS:
        raise ContentFault(
            f"{name} is locked (DRM): only the program that it was bought for can open it.",
            "Ask its publisher for a copy without a lock, or for the right to share one.",
        )
    if methods:
        intake.report.noted.append(f"{name}: its own fonts are scrambled; the phone's fonts are used.")


def _tell(package: Package, intake: Intake) -> None:
    about = intake.about
    about.title, about.description, about.language = package.title, package.description, package.language
    about.licence, about.subjects = package.rights, list(package.subjects)


def _is_for_programs(path: str, package: Package) -> bool:
    kinds = {item.path: item.media_type for item in package.items.values()}
    is_listing = path.endswith((".opf", ".ncx")) or kinds.get(path) == "application/x-dtbncx+xml"
    return path == "mimetype" or path.startswith("META-INF/") or is_listing


def _document(tree: Tree, path: str) -> Element:
    return parse_xml(contents(tree, path, DOCUMENT_BYTES_MAX), path)


def _broken(name: str, why: str) -> ContentFault:
    return ContentFault(f"{name} is a broken book: {why}.", "Export it again, or ask whoever made it for another copy.")
