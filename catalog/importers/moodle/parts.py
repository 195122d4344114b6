"""The parts of a backup, each as an activity of ours.

* A part's files lie in its own folder, under the names they had; links between pages lead to where those are now.
* What learners wrote is not read; kinds that are about that alone (assignments, forums) are left out by name.
"""

import html
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote

from catalog.fault import ContentFault
from catalog.importers.intake import Intake
from catalog.importers.moodle.backup import Module, Outline, document, value, words
from catalog.importers.moodle.bank import MEDIA, MoodleBank
from catalog.importers.moodle.files import Files, Kept
from catalog.importers.moodle.quizzes import read_quiz
from catalog.importers.questions.quiz import keep
from catalog.importers.repairs.site import Mending, take
from catalog.importers.repairs.vendored import PLACE as VENDORED
from catalog.importers.rewriting import DROPPED, Meaning, Paths, relative, rewritten
from catalog.importers.single import file_activities, link_activity
from catalog.importers.source import Tree
from catalog.importers.written import page_of
from catalog.importers.xml import Element, child, children, descendants
from catalog.manifest import Activity, is_safe_path
from catalog.questions.markup import cleaned, from_text, plain

PAGES = ("page", "book", "label", "glossary", "folder", "lesson", "assign", "assignment")
LESSON_PAGE = "20"
LESSON_QUESTIONS = ("1", "2", "3", "5", "8", "10")
PACKAGES = {"scorm": ("mod_scorm", "package"), "h5pactivity": ("mod_h5pactivity", "package")}
LEGACY = "files"
TITLE_LETTERS_MAX = 200

_PLUGINFILE = "@@PLUGINFILE@@/"
_LEGACY = re.compile(r"\$@FILEPHP@\$(?:\$@SLASH@\$|/)(.*)", re.DOTALL)
_VIEW = re.compile(r"\$@[A-Z0-9]+VIEWBYID(?:CH)?\*(\d+)(?:\*\d+)?@\$")
_TOKEN = re.compile(r"\$@[A-Z]")


@dataclass(frozen=True, slots=True)
class Chapter:
    """One page of a book or a lesson, and the names of its fields."""

    element: Element
    title: str
    text: str
    format: str


class Parts:
    """Makes the activities of one backup."""

    def __init__(self, tree: Tree, intake: Intake, outline: Outline, names: Mapping[str, str], shared: str) -> None:
        self._tree = tree
        self._intake = intake
        self._outline = outline
        self._names = names
        self._shared = shared
        self._files = Files(tree)
        self._bank = MoodleBank(tree, self._files)
        self._legacy = {one.path: one for one in self._files.of(outline.context, "course", "legacy")}
        self._added: set[str] = set()
        self._mending = Mending(intake, (), place=f"{shared}/{VENDORED}", has_own_links=True)
        self._kinds: Mapping[str, Callable[[Module, Element, str], list[Activity]]] = {
            "page": self._page,
            "book": self._book,
            "label": self._label,
            "glossary": self._glossary,
            "folder": self._folder,
            "resource": self._resource,
            "url": self._url,
            "quiz": self._quiz,
            "lesson": self._lesson,
            "assign": self._task,
            "assignment": self._task,
            "scorm": self._package,
            "h5pactivity": self._package,
        }

    def is_known(self, module: Module) -> bool:
        return module.kind in self._kinds

    def activities(self, module: Module) -> list[Activity]:
        """The activities that a module is; none, with a line in the report, where it cannot be taken."""
        title = shown_title(module.title)
        try:
            root = document(self._tree, module.document)
            return self._kinds[module.kind](module, root, title)
        except (ContentFault, KeyError) as fault:
            why = fault.sentence if isinstance(fault, ContentFault) else "its document is missing"
            self._intake.report.left_out.append(f"{title}: {why.rstrip('.')}.")
            return []

    def finish(self) -> None:
        """Say what was missing, and bring the libraries along that pages asked the internet for."""
        self._mending.finish()

    def section_page(self, name: str, title: str, summary: str, context_files: list[Kept]) -> Activity:
        """What a section says of itself, as a page."""
        return self._written(name, title, summary, context_files, "files")

    def section_files(self, section: str) -> list[Kept]:
        return [one for one in self._files.of(self._outline.context, "course", "section") if one.item == section]

    def _page(self, module: Module, root: Element, title: str) -> list[Activity]:
        page = child(root, "page")
        text = _markup(page, "content", "contentformat")
        files = self._files.of(root.get("contextid", ""), "mod_page", "content", "intro")
        return [self._written(self._names[module.id], title, text, files, "files")]

    def _label(self, module: Module, root: Element, title: str) -> list[Activity]:
        text = _markup(child(root, "label"), "intro", "introformat")
        files = self._files.of(root.get("contextid", ""), "mod_label")
        return [self._written(self._names[module.id], title, text, files, "files")]

    def _book(self, module: Module, root: Element, title: str) -> list[Activity]:
        """A book: a page of contents and a page for each chapter, each leading to the next."""
        name, context = self._names[module.id], root.get("contextid", "")
        chapters = [one for one in descendants(child(root, "book"), "chapter") if value(one, "hidden") != "1"]
        chapters.sort(key=lambda one: int(value(one, "pagenum") or 0) if value(one, "pagenum").isdecimal() else 0)
        if not chapters:
            raise ContentFault("the book has no chapter", "")
        files = self._files.of(context, "mod_book", "chapter")
        intro = _markup(child(root, "book"), "intro", "introformat")
        told = [Chapter(one, "title", "content", "contentformat") for one in chapters]
        return [self._pages(name, title, intro, self._files.of(context, "mod_book", "intro"), told, files)]

    def _lesson(self, module: Module, root: Element, title: str) -> list[Activity]:
        """A lesson: its pages one after the other; what it asks between them is left out by name."""
        name, context = self._names[module.id], root.get("contextid", "")
        pages = list(_linked(children(child(root, "lesson"), "pages", "page")))
        read = [one for one in pages if value(one, "qtype") == LESSON_PAGE]
        asked = [one for one in pages if value(one, "qtype") in LESSON_QUESTIONS]
        if not read:
            raise ContentFault("it has no page to read, and its questions are not taken", "")
        self._intake.report.left_out += [
            f"{title}: “{shown_title(value(one, 'title'))}”: a question between the pages of a lesson." for one in asked
        ]
        files = self._files.of(context, "mod_lesson", "page_contents")
        intro = _markup(child(root, "lesson"), "intro", "introformat")
        told = [Chapter(one, "title", "contents", "contentsformat") for one in read]
        return [self._pages(name, title, intro, self._files.of(context, "mod_lesson", "intro"), told, files)]

    def _pages(
        self, name: str, title: str, intro: str, intro_files: list[Kept], chapters: list[Chapter], files: list[Kept]
    ) -> Activity:
        """A page of contents and a page for each chapter, each leading to the next."""
        titles = [shown_title(value(one.element, one.title)) for one in chapters]
        for number, one in enumerate(chapters, 1):
            item = one.element.get("id", "")
            text = _markup(one.element, one.text, one.format)
            if number < len(chapters):
                text += f'<p><a href="chapter-{number + 1}.html">{html.escape(titles[number])} →</a></p>'
            own = [file for file in files if file.item == item]
            self._write(f"{name}/chapter-{number}.html", titles[number - 1], text, own, f"{name}/files-{number}")
        listed = enumerate((html.escape(one) for one in titles), 1)
        rows = "".join(f'<li><a href="chapter-{at}.html">{one}</a></li>' for at, one in listed)
        return self._written(name, title, f"{intro}<ol>{rows}</ol>", intro_files, "files")

    def _task(self, module: Module, root: Element, title: str) -> list[Activity]:
        """What an assignment asks for, as a page; handing it in belongs to that Moodle."""
        text = _markup(child(root, module.kind), "intro", "introformat")
        files = self._files.of(root.get("contextid", ""), f"mod_{module.kind}", "intro", "introattachment")
        attached = [one for one in files if one.area == "introattachment"]
        if not cleaned(text, lambda one: one) and not attached:
            raise ContentFault("assignments are handed in to a teacher of that Moodle; this one has no words", "")
        text += "".join(
            f'<p><a href="{_PLUGINFILE}{quote(one.path)}">{html.escape(one.path)}</a></p>' for one in attached
        )
        self._intake.report.noted.append(f"{title}: its task can be read here; it was handed in on that Moodle.")
        return [self._written(self._names[module.id], title, text, files, "files")]

    def _glossary(self, module: Module, root: Element, title: str) -> list[Activity]:
        """A glossary, as one page; of its entries only the words, never who wrote them."""
        entries = [one for one in descendants(root, "entry") if value(one, "approved") != "0"]
        terms = sorted((value(one, "concept"), _markup(one, "definition", "definitionformat")) for one in entries)
        body = "".join(f"<dt><b>{html.escape(term)}</b></dt><dd>{said}</dd>" for term, said in terms)
        intro = _markup(child(root, "glossary"), "intro", "introformat")
        files = self._files.of(root.get("contextid", ""), "mod_glossary", "entry", "intro")
        return [self._written(self._names[module.id], title, f"{intro}<dl>{body}</dl>", files, "files")]

    def _folder(self, module: Module, root: Element, title: str) -> list[Activity]:
        files = self._files.of(root.get("contextid", ""), "mod_folder", "content")
        if not files:
            raise ContentFault("the folder is empty", "")
        rows = "".join(
            f'<li><a href="{_PLUGINFILE}{quote(one.path)}">{html.escape(one.path)}</a></li>'
            for one in sorted(files, key=lambda one: one.path)
        )
        intro = _markup(child(root, "folder"), "intro", "introformat")
        return [self._written(self._names[module.id], title, f"{intro}<ul>{rows}</ul>", files, "files")]

    def _resource(self, module: Module, root: Element, title: str) -> list[Activity]:
        """One file, or a site of several that one of them opens."""
        files = self._files.of(root.get("contextid", ""), "mod_resource", "content")
        if not files:
            raise ContentFault("its file is missing in the backup", "")
        first, name = files[0], self._names[module.id]
        if first.path.lower().endswith((".html", ".htm")):
            area = _Area(files, self._tree)
            take(area, {path: path for path in area.paths}, name, self._intake)
            return [Activity(name, "html", f"{name}/{first.path}", {self._intake.language: title})]
        return file_activities(
            self._intake, name, title, posixpath.basename(first.path), lambda: self._tree.pieces(first.place)
        )

    def _url(self, module: Module, root: Element, title: str) -> list[Activity]:
        made = link_activity(self._intake, self._names[module.id], title, words(child(root, "url"), "externalurl"))
        return [made] if made is not None else []

    def _package(self, module: Module, root: Element, title: str) -> list[Activity]:
        component, area = PACKAGES[module.kind]
        files = self._files.of(root.get("contextid", ""), component, area)
        if not files:
            raise ContentFault("its package is missing in the backup", "")
        found = self._intake.read_inner(posixpath.basename(files[0].path), self._tree.pieces(files[0].place))
        if len(found) == 1:
            one = found[0]
            return [Activity(one.id, one.kind, one.path, {self._intake.language: title}, one.attributes)]
        return found

    def _quiz(self, module: Module, root: Element, title: str) -> list[Activity]:
        found = read_quiz(child(root, "quiz"), self._bank)

        def media(source: str) -> Iterator[bytes] | None:
            place = "/".join(source.removeprefix(MEDIA).split("/")[:3])
            is_file = source.startswith(MEDIA) and place in self._outline.known
            return self._tree.pieces(place) if is_file else None

        made = keep(found, self._intake, self._names[module.id], title, media)
        return [made] if made is not None else []

    def _written(self, name: str, title: str, text: str, files: list[Kept], folder: str) -> Activity:
        path = f"{name}/index.html"
        self._write(path, title, text, files, f"{name}/{folder}")
        return Activity(name, "html", path, {self._intake.language: title})

    def _write(self, path: str, title: str, text: str, files: list[Kept], folder: str) -> None:
        """One page, and the files that it names."""
        known = {one.path: one for one in files}
        used: dict[str, Kept] = {}
        text = rewritten(text, self._meaning(path, title, folder, known, used))
        self._mending.add(path, [page_of(title, text, self._intake.language)])
        for target, one in used.items():
            self._add(one, target)

    def _meaning(self, page: str, title: str, folder: str, known: Mapping[str, Kept], used: dict[str, Kept]) -> Meaning:
        paths = Paths.of(known)

        def meaning(address: str) -> str | None:
            if address.startswith(_PLUGINFILE):
                written = address.removeprefix(_PLUGINFILE).split("?")[0]
                path = paths.find(written) or ""
                if path and path != unquote(written):
                    told = f"{title}: its link to {path} was written otherwise: {written[:200]}."
                    self._intake.report.repaired.append(told)
                return named(known.get(path), folder, address)
            if legacy := _LEGACY.match(address):
                path = unquote(legacy[1].replace("$@SLASH@$", "/").split("?")[0].split("$@FORCEDOWNLOAD@$")[0])
                return named(self._legacy.get(path), self._shared, address)
            if view := _VIEW.match(address):
                module = self._outline.modules.get(view[1])
                is_page = module is not None and module.kind in PAGES and module.id in self._names
                return relative(f"{self._names[view[1]]}/index.html", page) if is_page else DROPPED
            return DROPPED if _TOKEN.match(address) else None

        def named(file: Kept | None, inside: str, address: str) -> str:
            if file is None or not is_safe_path(f"{inside}/{file.path}"):
                self._mending.miss(title, unquote(address).removeprefix(_PLUGINFILE))
                return DROPPED
            used[f"{inside}/{file.path}"] = file
            return relative(f"{inside}/{file.path}", page)

        return meaning

    def _add(self, file: Kept, target: str) -> None:
        if target not in self._added:
            self._added.add(target)
            self._mending.add(target, self._tree.pieces(file.place))


class _Area:
    """The files of one part as a tree, under the names that they had."""

    def __init__(self, files: Sequence[Kept], tree: Tree) -> None:
        self._tree = tree
        self._places = {one.path: one.place for one in files}
        self.paths: Sequence[str] = list(self._places)

    def size_bytes(self, path: str) -> int:
        return self._tree.size_bytes(self._places[path])

    def source_bytes(self, path: str) -> int:
        return 0  # the backup's own tree counts what is read of it

    def pieces(self, path: str) -> Iterator[bytes]:
        return self._tree.pieces(self._places[path])


def _linked(pages: list[Element]) -> Iterator[Element]:
    """The pages of a lesson in their order: each names the one before it."""
    after = {value(one, "prevpageid"): one for one in pages}
    at, left = "0", len(pages)
    while (page := after.pop(at, None)) is not None and left:
        at, left = page.get("id", ""), left - 1
        yield page
    yield from after.values()


def shown_title(text: str) -> str:
    """A title without markup, not longer than titles are."""
    return plain(cleaned(text, lambda _: None))[:TITLE_LETTERS_MAX] or "Untitled"


def _markup(element: Element | None, name: str, format_name: str) -> str:
    """A field's markup, whatever it was written as: 0 and 1 are HTML, 2 is plain, 4 is Markdown."""
    text = words(element, name).strip()
    return from_text(text) if value(element, format_name) in ("2", "4") else text
