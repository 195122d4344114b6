"""The parts of a backup, each as an activity of ours.

* A part's files lie in its own folder, under the names they had; links between pages lead to where those are now.
* What learners wrote is not read; kinds that are about that alone (assignments, forums) are left out by name.
"""

import html
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote, unquote

from catalog.fault import ContentFault
from catalog.importers.intake import Intake
from catalog.importers.moodle.backup import Module, Outline, document, value, words
from catalog.importers.moodle.bank import MEDIA, MoodleBank
from catalog.importers.moodle.files import Files, Kept
from catalog.importers.moodle.quizzes import read_quiz
from catalog.importers.questions.quiz import keep
from catalog.importers.rewriting import DROPPED, Meaning, relative, rewritten
from catalog.importers.single import file_activities, link_activity
from catalog.importers.source import Tree
from catalog.importers.written import page_of
from catalog.importers.xml import Element, child, descendants
from catalog.manifest import Activity, is_safe_path
from catalog.questions.markup import cleaned, from_text, plain

PAGES = ("page", "book", "label", "glossary", "folder")
PACKAGES = {"scorm": ("mod_scorm", "package"), "h5pactivity": ("mod_h5pactivity", "package")}
LEGACY = "files"
TITLE_LETTERS_MAX = 200

_PLUGINFILE = "@@PLUGINFILE@@/"
_LEGACY = re.compile(r"\$@FILEPHP@\$(?:\$@SLASH@\$|/)(.*)", re.DOTALL)
_VIEW = re.compile(r"\$@[A-Z0-9]+VIEWBYID(?:CH)?\*(\d+)(?:\*\d+)?@\$")
_TOKEN = re.compile(r"\$@[A-Z]")


class Parts:
    """Makes the activities of one backup."""

    def __init__(self, tree: Tree, intake: Intake, outline: Outline, names: Mapping[str, str]) -> None:
        self._tree = tree
        self._intake = intake
        self._outline = outline
        self._names = names
        self._files = Files(tree)
        self._bank = MoodleBank(tree, self._files)
        self._legacy: set[str] = set()
        self._kinds: Mapping[str, Callable[[Module, Element, str], list[Activity]]] = {
            "page": self._page,
            "book": self._book,
            "label": self._label,
            "glossary": self._glossary,
            "folder": self._folder,
            "resource": self._resource,
            "url": self._url,
            "quiz": self._quiz,
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
        titles = [shown_title(value(one, "title")) for one in chapters]
        for number, chapter in enumerate(chapters, 1):
            item = chapter.get("id", "")
            files = [one for one in self._files.of(context, "mod_book", "chapter") if one.item == item]
            text = _markup(chapter, "content", "contentformat")
            if number < len(chapters):
                text += f'<p><a href="chapter-{number + 1}.html">{html.escape(titles[number])} →</a></p>'
            self._write(f"{name}/chapter-{number}.html", titles[number - 1], text, files, f"{name}/files-{number}")
        listed = enumerate((html.escape(one) for one in titles), 1)
        rows = "".join(f'<li><a href="chapter-{at}.html">{one}</a></li>' for at, one in listed)
        text = _markup(child(root, "book"), "intro", "introformat") + f"<ol>{rows}</ol>"
        return [self._written(name, title, text, self._files.of(context, "mod_book", "intro"), "files")]

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
            for one in files:
                self._add(one, f"{name}/{one.path}")
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
            is_file = source.startswith(MEDIA) and place in self._tree.paths
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
        self._intake.add(path, [page_of(title, text, self._intake.language)], is_counted=False)
        for target, one in used.items():
            self._add(one, target)

    def _meaning(self, page: str, title: str, folder: str, known: Mapping[str, Kept], used: dict[str, Kept]) -> Meaning:
        def meaning(address: str) -> str | None:
            if address.startswith(_PLUGINFILE):
                return named(known.get(unquote(address.removeprefix(_PLUGINFILE).split("?")[0])), folder, address)
            if legacy := _LEGACY.match(address):
                path = unquote(legacy[1].replace("$@SLASH@$", "/").split("?")[0].split("$@FORCEDOWNLOAD@$")[0])
                every = self._files.of(self._outline.context, "course", "legacy")
                return named(next((one for one in every if one.path == path), None), f"{LEGACY}", address)
            if view := _VIEW.match(address):
                module = self._outline.modules.get(view[1])
                is_page = module is not None and module.kind in PAGES and module.id in self._names
                return relative(f"{self._names[view[1]]}/index.html", page) if is_page else DROPPED
            return DROPPED if _TOKEN.match(address) else None

        def named(file: Kept | None, inside: str, address: str) -> str:
            if file is None or not is_safe_path(f"{inside}/{file.path}"):
                self._intake.report.left_out.append(f"{title}: what it shows is missing: {unquote(address)[:200]}.")
                return DROPPED
            used[f"{inside}/{file.path}"] = file
            return relative(f"{inside}/{file.path}", page)

        return meaning

    def _add(self, file: Kept, target: str) -> None:
        if target not in self._legacy:
            self._legacy.add(target)
            self._intake.add(target, self._tree.pieces(file.place), is_counted=False)


def shown_title(text: str) -> str:
    """A title without markup, not longer than titles are."""
    return plain(cleaned(text, lambda _: None))[:TITLE_LETTERS_MAX] or "Untitled"


def _markup(element: Element | None, name: str, format_name: str) -> str:
    """A field's markup, whatever it was written as: 0 and 1 are HTML, 2 is plain, 4 is Markdown."""
    text = words(element, name).strip()
    return from_text(text) if value(element, format_name) in ("2", "4") else text
