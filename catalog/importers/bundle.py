"""Bundles: a zip without a page to start with that holds documents, films, books or packages.

* Each of them is what its importer makes of it, under the heading of its folder, in the order of their names.
* A zip with one thing in it alone is that thing: somebody packed a package once more.
* What cannot be taken is left out by name; where nothing can, the first reason refuses all.
"""

from dataclasses import replace
from pathlib import Path, PurePosixPath

from catalog.fault import ContentFault
from catalog.importers.intake import Intake, safe_name
from catalog.importers.single import PICTURES, PLAYED
from catalog.importers.site import arrange, is_junk, no_start
from catalog.importers.source import CountedTree, Source
from catalog.manifest import Activity

KNOWN = PLAYED.difference(PICTURES) | {".gift", ".txt", ".xml", ".zim"}
PAGES = (".html", ".htm", ".xhtml")
"""With these in it, a zip is a site that lacks its first page."""
FILES_MAX = 200


class Bundle:
    """Files that are courses or parts of one by themselves, packed together."""

    format = "files"

    def recognises(self, source: Source) -> bool:
        if not source.is_zip or source.tree is None:
            return False
        try:
            is_site = arrange(source.name, source.tree.paths) is not None
        except ContentFault:
            return False
        has_pages = any(path.lower().endswith(PAGES) and not is_junk(path) for path in source.tree.paths)
        return not is_site and not has_pages and any(_is_known(path) for path in source.tree.paths)

    def read(self, source: Source, intake: Intake) -> list[Activity]:
        assert source.tree is not None, "it was recognised"
        tree, report = CountedTree(source.tree, intake.advance), intake.report
        paths = sorted(path for path in tree.paths if not is_junk(path))
        report.left_out += [
            f"{path}: not a kind of file that can be imported." for path in paths if not _is_known(path)
        ]
        known = [path for path in paths if _is_known(path)]
        report.left_out += [f"{path}: more than {FILES_MAX} files in one zip." for path in known[FILES_MAX:]]
        is_alone = len(known) == 1
        found: list[Activity] = []
        faults: list[ContentFault] = []
        for path in known[:FILES_MAX]:
            heading = " · ".join(PurePosixPath(path).parts[:-1])
            try:
                made = intake.read_inner(
                    safe_name(Path(PurePosixPath(path).name)), tree.pieces(path), is_whole=is_alone
                )
            except ContentFault as fault:
                faults.append(fault)
                report.left_out.append(f"{path}: {fault.sentence}")
                continue
            found += made if is_alone else [_under(one, heading) for one in made]
        tree.finish()
        if not found:
            is_told = any(PurePosixPath(path).suffix.lower() in PLAYED for path in known)
            raise faults[0] if is_told else no_start(source.name)
        return found


def _is_known(path: str) -> bool:
    return not is_junk(path) and PurePosixPath(path).suffix.lower() in KNOWN


def _under(activity: Activity, heading: str) -> Activity:
    own = activity.attributes.get("section", "")
    section = " · ".join(one for one in (heading, own) if isinstance(one, str) and one)
    return replace(activity, attributes={**activity.attributes, "section": section}) if section else activity
