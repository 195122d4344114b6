"""The HTML inside an XML element: as it was written, with some elements replaced by words of ours."""

import html
from collections.abc import Callable

from catalog.importers.xml import Element

Replace = Callable[[Element], str | None]
"""The markup to stand for an element; None: the element itself."""

_VOID = {"br", "hr", "img", "source", "mspace", "mprescripts"}


def inner_markup(element: Element | None, instead: Replace = lambda _: None) -> str:
    """The markup between an element's tags. It is from strangers still: whoever keeps it cleans it."""
    if element is None:
        return ""
    pieces: list[str] = []
    _write(element, instead, pieces)
    return "".join(pieces).strip()


def _write(element: Element, instead: Replace, pieces: list[str]) -> None:
    pieces.append(_text(element.text))
    for one in element:
        other = instead(one)
        if other is None:
            tag = one.tag.lower()
            attributes = {name: value for name, value in one.attrib.items() if not name.startswith("xmlns")}
            if tag == "object" and attributes.get("type", "").startswith("image/"):
                tag, attributes = "img", {**attributes, "src": attributes.get("data", "")}
            written = "".join(f' {name}="{html.escape(value)}"' for name, value in attributes.items())
            pieces.append(f"<{tag}{written}>")
            if tag not in _VOID:
                _write(one, instead, pieces)
                pieces.append(f"</{tag}>")
        else:
            pieces.append(other)
        pieces.append(_text(one.tail))


def _text(text: str | None) -> str:
    return html.escape(text or "", quote=False)
