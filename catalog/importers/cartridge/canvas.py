"""What Canvas adds to its cartridges: modules with a state, pages with a state, assignments, settings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from catalog.fault import ContentFault
from catalog.importers.intake import About
from catalog.importers.source import Tree, contents
from catalog.importers.xml import Element, children, parse_xml, text_of

MARK = "course_settings/canvas_export.txt"
SETTINGS = "course_settings/course_settings.xml"
MODULES = "course_settings/module_meta.xml"
WIKI = "wiki_content/"
FILES = "web_resources/"
META_BYTES_MAX = 4 << 20

LICENCES = {
    "cc_by": "CC BY", "cc_by_sa": "CC BY-SA", "cc_by_nc": "CC BY-NC", "cc_by_nc_sa": "CC BY-NC-SA",
    "cc_by_nd": "CC BY-ND", "cc_by_nc_nd": "CC BY-NC-ND", "public_domain": "Public domain",
    "private": "Private (copyrighted)",
}  # fmt: skip
_META = re.compile(
    r"""<meta\s+name=["'](identifier|workflow_state)["']\s+content=["']([^"'<>]{1,100})["']""", re.IGNORECASE
)


@dataclass(slots=True)
class Canvas:
    """What the extra files say. `is_canvas` is false where there are none."""

    is_canvas: bool = False
    hidden_items: set[str] = field(default_factory=set)
    """Items that are not to be shown, and those of modules that are not."""
    hidden_titles: list[str] = field(default_factory=list)


def read_canvas(tree: Tree, about: About) -> Canvas:
    """Read the extra files; one that is damaged says nothing."""
    known = set(tree.paths)
    found = Canvas(is_canvas=MARK in known or SETTINGS in known)
    if SETTINGS in known and (root := _xml(tree, SETTINGS)) is not None:
        about.title = text_of(root, "title") or about.title
        licence = text_of(root, "license")
        about.licence = LICENCES.get(licence, licence) or about.licence
        about.language = about.language or text_of(root, "locale").partition("-")[0]
        about.description = about.description or text_of(root, "public_description")
    if MODULES in known and (root := _xml(tree, MODULES)) is not None:
        for module in children(root, "module"):
            is_hidden = text_of(module, "workflow_state") in ("unpublished", "deleted")
            if is_hidden:
                found.hidden_titles.append(text_of(module, "title"))
            for item in children(module, "items", "item"):
                if is_hidden or text_of(item, "workflow_state") in ("unpublished", "deleted"):
                    found.hidden_items.add(item.get("identifier", ""))
    return found


def page_meta(head: str) -> Mapping[str, str]:
    """The identifier and state that a wiki page states in its head."""
    return {name.lower(): value for name, value in _META.findall(head[:4096])}


def _xml(tree: Tree, path: str) -> Element | None:
    try:
        return parse_xml(contents(tree, path, META_BYTES_MAX), path)
    except ContentFault:
        return None
