"""The words of questions as safe HTML.

* Only tags that say something stay: no script, no style, no form, no frame, no link, no address anywhere else.
* What is shown or sounds is a file of the quiz itself: an image or sound has a name, and whoever shows it says where
  that name is served. `[[...]]` stands in text alone, never in an attribute: a gap cannot open a tag.
* Formulas stay as they were written: MathML as MathML, TeX as text.
* The library that cleans is loaded when the first question is.
"""

import html
import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import nh3

MEDIA_TYPES = frozenset(
    {"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp", "image/svg+xml",
     "audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav", "audio/aac", "audio/flac", "video/mp4", "video/webm"}
)  # fmt: skip
"""What a question may show or sound: nothing of it runs, however a browser takes it."""

NameOf = Callable[[str], str | None]
"""Says what an image's or sound's source becomes; None: it is left out."""

_MATH = {
    "math", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded", "mphantom", "mprescripts", "mroot", "mrow",
    "ms", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder",
    "munderover", "semantics",
}  # fmt: skip
_TAGS = {
    "audio", "b", "bdi", "bdo", "blockquote", "br", "caption", "code", "dd", "del", "div", "dl", "dt", "em",
    "figcaption", "figure", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "ol", "p", "pre", "q", "ruby",
    "rp", "rt", "s", "samp", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead",
    "tr", "u", "ul", "var", "video", *_MATH,
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"dir", "lang"},
    "audio": {"src"},
    "img": {"src", "alt", "width", "height"},
    "math": {"display"},
    "mfrac": {"linethickness"},
    "mo": {"stretchy"},
    "mtd": {"columnspan", "rowspan"},
    "ol": {"start", "type"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "video": {"src"},
}
_GONE = {"annotation", "annotation-xml", "head", "iframe", "noscript", "object", "script", "style", "template", "title"}
"""Tags that go with all that stands in them."""
_SHOWN = {"audio": {"controls": ""}, "video": {"controls": ""}}
"""One of each: the library writes several in an order that changes from run to run, and a bank's bytes may not."""
_SCHEMES = {"http", "https", "data"}
"""A source may bring its bytes or lie elsewhere while it is imported; `name_of` decides what becomes of it."""

_NAME = re.compile(r"[^/\\?#:]{1,200}")
_EMPTY = re.compile(r"(?:\s|<br>|<p>\s*</p>|<p><br></p>|&nbsp;)*")
_BLOCKS = re.compile(r"<(?:br|/p|/div|/li|/td|/th|/h\d)>", re.IGNORECASE)


def cleaned(markup: str, name_of: NameOf) -> str:
    """`markup` with nothing unsafe left; "" where it says nothing."""
    if "<" not in markup and "&" not in markup:
        return markup.strip()
    safe = _cleaner(name_of).clean(markup)
    return "" if _EMPTY.fullmatch(safe) else safe.strip()


def shown(markup: str, address_of: Callable[[str], str]) -> str:
    """Clean markup as a page shows it: each name of a file becomes its address. What is no name is left out."""
    return cleaned(markup, lambda source: address_of(source) if is_media_name(source) else None)


def from_text(text: str) -> str:
    """Plain text as markup."""
    return html.escape(text.strip(), quote=False).replace("\n", "<br>")


def plain(markup: str) -> str:
    """The words alone, on one line; an image is what it is called."""
    if "<" not in markup and "&" not in markup:
        return " ".join(markup.split())
    named = re.sub(r"""<img\b[^>]{0,400}?\balt="([^"<>]{0,400})"[^>]{0,400}>""", r" \1 ", markup)
    return " ".join(html.unescape(_bare().clean(_BLOCKS.sub(" ", named))).split())


def is_rich(markup: str) -> bool:
    """Tell whether the words alone would not do: something is shown, or a formula stands in them."""
    return re.search(r"<(?:img|audio|video|math|table|su[bp])\b", markup) is not None


def is_media_name(source: str) -> bool:
    """Tell whether this names a file of the quiz's own."""
    return _NAME.fullmatch(source) is not None and source not in (".", "..")


@lru_cache(maxsize=1)
def _bare() -> "nh3.Cleaner":
    import nh3

    return nh3.Cleaner(tags=set(), clean_content_tags=_GONE)


def _cleaner(name_of: NameOf) -> "nh3.Cleaner":
    import nh3

    def kept(_tag: str, attribute: str, value: str) -> str | None:
        if attribute == "src":
            value = name_of(value) or ""
        elif attribute in ("width", "height", "colspan", "rowspan", "columnspan", "start") and not value.isdecimal():
            return None
        return value.replace("[[", "[ [") or (None if attribute == "src" else value)

    return nh3.Cleaner(
        tags=_TAGS,
        clean_content_tags=_GONE,
        attributes=_ATTRIBUTES,
        attribute_filter=kept,
        link_rel=None,
        set_tag_attribute_values=_SHOWN,
        url_schemes=_SCHEMES,
    )
