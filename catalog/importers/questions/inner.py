"""The HTML inside an XML element: as it was written, with some elements replaced by words of ours."""

import html
from collections.abc import Callable, Mapping

from catalog.importers.xml import Element
from catalog.media import media_type

Replace = Callable[[Element], str | None]
"""The markup to stand for an element; None: the element itself."""

_SHOWN = {"image": "img", "audio": "audio", "video": "video"}
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
            if tag == "object" and (shown := _SHOWN.get(_kind(attributes).partition("/")[0])):
                tag, attributes = shown, {**attributes, "src": attributes.get("data", "")}
            if tag in ("audio", "video") and not attributes.get("src"):
                attributes["src"] = next((source for inner in one if (source := inner.get("src", ""))), "")
            written = "".join(f' {name}="{html.escape(value)}"' for name, value in attributes.items())
            pieces.append(f"<{tag}{written}>")
            if tag not in _VOID:
                _write(one, instead, pieces)
                pieces.append(f"</{tag}>")
        else:
            pieces.append(other)
        pieces.append(_text(one.tail))


def _kind(attributes: Mapping[str, str]) -> str:
    """What an `object` shows: as it says, else as the name of its file does."""
    return attributes.get("type") or media_type(attributes.get("data", "").partition("?")[0])


def _text(text: str | None) -> str:
    return html.escape(text or "", quote=False)
