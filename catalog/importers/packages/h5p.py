"""H5P packages: an exercise, its content, and the libraries that run it.

* A package without the libraries that it needs is refused, and says which: the player here brings none, and gets none.
* A library may lie in a folder that has its patch in its name, or no version at all; it gets the name that players
  look for.
* What only authors need (editors, their forms, pictures and translations of those forms) is left out.
"""

import json
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from catalog.fault import ContentFault
from catalog.importers.intake import Intake, slug, title_of
from catalog.importers.packages.h5p_content import CONTENT, Content
from catalog.importers.packages.layout import Package, document_path, refused
from catalog.importers.packages.lom import language_tag
from catalog.importers.site import START_PAGES
from catalog.importers.source import Source, contents
from catalog.manifest import Activity

DOCUMENT = "h5p.json"
EXPORT_AGAIN = "Download it again where it was made, with the button Reuse or Export: so it brings all of it along."
DOCUMENT_BYTES_MAX = 1 << 20
LIBRARIES_MAX = 500

_NAME = re.compile(r"[\w.-]{1,100}")
_FOR_AUTHORS = re.compile(r"(?:^|/)(?:semantics\.json|presave\.js|upgrades\.js|icon\.svg|language/[^/]+\.json)$")
_LICENCES = {
    "CC BY": "CC BY", "CC BY-SA": "CC BY-SA", "CC BY-ND": "CC BY-ND", "CC BY-NC": "CC BY-NC",
    "CC BY-NC-SA": "CC BY-NC-SA", "CC BY-NC-ND": "CC BY-NC-ND", "CC0 1.0": "CC0 1.0", "CC PDM": "Public domain",
    "GNU GPL": "GPL", "PD": "Public domain",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Library:
    """A library at a version, as a package names it."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def folder(self) -> str:
        return f"{self.name}-{self.version}"


class H5p:
    """An exercise of H5P."""

    format = "h5p"

    def recognises(self, source: Source) -> bool:
        path = document_path(source, DOCUMENT)
        if path is None or source.tree is None:
            return False
        top = path[: -len(DOCUMENT)]
        pages = {f"{top}{page}" for page in START_PAGES}
        return f"{top}{CONTENT}" in source.tree.paths or pages.isdisjoint(source.tree.paths)

    def read(self, source: Source, intake: Intake) -> list[Activity]:
        path = document_path(source, DOCUMENT)
        assert path is not None, "it was recognised"
        assert source.tree is not None, "it was recognised"
        package = Package(source.tree, path, intake.report)
        package.files[DOCUMENT] = package.files.pop(path[-len(DOCUMENT) :])
        document = _parsed(contents(source.tree, path, DOCUMENT_BYTES_MAX), path)
        main = _main(document, source)
        if CONTENT not in package.files:
            raise refused(source, f"the exercise itself ({CONTENT}) is not in it", EXPORT_AGAIN)
        content = Content(package)
        needed, missing = _needed(document, package, intake)
        if missing:
            names = ", ".join(sorted(missing)[:8])
            raise refused(source, f"libraries that it needs are not in it: {names}", EXPORT_AGAIN)
        content.report(intake)
        title = str(document.get("title") or "")[:300]
        intake.about.title = intake.about.title or title
        intake.about.licence = intake.about.licence or _LICENCES.get(str(document.get("license", "")), "")
        intake.about.language = intake.about.language or language_tag(str(document.get("language", "")))
        folder = intake.claim_id(slug(title or source.path.stem, "h5p"))
        _leave_out(package, needed, intake)
        package.take_in(intake, folder)
        attributes = {"library": str(main)}
        return [
            Activity(
                folder, "h5p", f"{folder}/{DOCUMENT}", {intake.language: title or title_of(source.path)}, attributes
            )
        ]


def _main(document: Mapping[str, Any], source: Source) -> Library:
    name = document.get("mainLibrary")
    named = [one for one in _libraries(document, "preloadedDependencies") if one.name == name]
    if not named:
        raise refused(source, "its h5p.json does not say which library runs it")
    return named[0]


def _needed(document: Mapping[str, Any], package: Package, intake: Intake) -> tuple[set[Library], set[str]]:
    """Every library that the exercise needs, and the names of what is not there of them."""
    waiting = list(_libraries(document, "preloadedDependencies", "dynamicDependencies"))
    needed: set[Library] = set()
    missing: set[str] = set()
    while waiting:
        one = waiting.pop()
        if one in needed or str(one) in missing:
            continue
        if len(needed) >= LIBRARIES_MAX:
            raise ContentFault("An exercise needs more libraries than any exercise does.", "Make it anew.")
        if f"{one.folder}/library.json" not in package.files:
            _call_by_its_name(one, package, intake)
        if f"{one.folder}/library.json" not in package.files:
            missing.add(str(one))
            continue
        needed.add(one)
        library = _parsed(package.read(f"{one.folder}/library.json", DOCUMENT_BYTES_MAX), one.folder)
        missing |= {f"{one.folder}/{file}" for file in _files(library, "preloadedJs")} - package.files.keys()
        waiting += _libraries(library, "preloadedDependencies", "dynamicDependencies")
    return needed, missing


def _call_by_its_name(one: Library, package: Package, intake: Intake) -> None:
    """Find a library that lies in a folder of another name."""
    for path in [path for path in package.files if path.endswith("/library.json") and path.count("/") == 1]:
        folder = path.partition("/")[0]
        if not f"{folder}-".casefold().startswith(f"{one.name}-".casefold()):
            continue
        library = _parsed(package.read(path, DOCUMENT_BYTES_MAX), path)
        if f"{library.get('majorVersion')}.{library.get('minorVersion')}" == one.version:
            package.rename(folder, one.folder)
            intake.report.repaired.append(f"{folder}: the library is called {one.folder}, as players look for it.")
            return


def _leave_out(package: Package, needed: Iterable[Library], intake: Intake) -> None:
    folders = {one.folder for one in needed} | {"content"}
    tops = {path.partition("/")[0] for path in package.files if "/" in path}
    for top in sorted(tops - folders):
        is_library = f"{top}/library.json" in package.files
        what = "a library that only authors need" if is_library else "no part of the exercise"
        intake.report.left_out.append(f"{top}: {what}.")
    package.keep(
        lambda path: (
            "/" not in path
            or (path.partition("/")[0] in folders and (path.startswith("content/") or not _FOR_AUTHORS.search(path)))
        )
    )


def _libraries(document: Mapping[str, Any], *names: str) -> list[Library]:
    found = []
    for name in names:
        rows = document.get(name)
        for row in rows if isinstance(rows, list) else []:
            if not isinstance(row, dict):
                continue
            machine = str(row.get("machineName", ""))
            version = f"{row.get('majorVersion', '')}.{row.get('minorVersion', '')}"
            if _NAME.fullmatch(machine) and re.fullmatch(r"\d{1,4}\.\d{1,4}", version):
                found.append(Library(machine, version))
    return found


def _files(library: Mapping[str, Any], name: str) -> set[str]:
    rows = library.get(name)
    found = [row.get("path") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return {posixpath.normpath(path) for path in found if isinstance(path, str) and path}


def _parsed(data: bytes, path: str) -> Mapping[str, Any]:
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ContentFault(f"{path} is not readable JSON.", "Download the exercise again.") from error
    if not isinstance(document, dict):
        raise ContentFault(f"{path} is not what such a file should be.", "Download the exercise again.")
    return document
