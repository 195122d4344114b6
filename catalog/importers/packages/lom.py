"""What a package says of itself in IEEE LOM, the metadata of IMS packages: its words, language, licence, subjects.

* Only what is there in so many words is taken; nothing is guessed, and a package without any is as good.
"""

from catalog.importers.intake import About
from catalog.importers.xml import Element, child, children, descendants, text_of

SUBJECTS_MAX = 12
LINE_LETTERS_MAX = 300
TEXT_LETTERS_MAX = 4000


def read_lom(metadata: Element | None, about: About) -> None:
    """Take what `metadata` says; what is known already stays."""
    lom = next(descendants(metadata, "lom"), None)
    if lom is None:
        return
    general = child(lom, "general")
    about.title = about.title or _words(child(general, "title"))[:LINE_LETTERS_MAX]
    about.description = about.description or _words(child(general, "description"))[:TEXT_LETTERS_MAX]
    about.language = about.language or language_tag(text_of(general, "language"))
    about.licence = about.licence or _licence(child(lom, "rights"))
    for keyword in children(general, "keyword"):
        for one in _each(keyword):
            if one and one not in about.subjects and len(about.subjects) < SUBJECTS_MAX:
                about.subjects.append(one[:LINE_LETTERS_MAX])


def language_tag(text: str) -> str:
    """A language's tag as we write it: the language alone, in small letters.

    >>> language_tag("en-US"), language_tag("x-none"), language_tag("und")
    ('en', '', '')
    """
    tag = text.strip().replace("_", "-").lower().partition("-")[0]
    return tag if 2 <= len(tag) <= 3 and tag.isascii() and tag.isalpha() and tag != "und" else ""


def _licence(rights: Element | None) -> str:
    is_free = text_of(rights, "copyrightAndOtherRestrictions", "value").lower() or text_of(
        rights, "copyrightandotherrestrictions", "value"
    )
    said = _words(child(rights, "description"))[:LINE_LETTERS_MAX]
    return "" if is_free.lower() == "no" and not said else said


def _words(element: Element | None) -> str:
    return next((one for one in _each(element) if one), "")


def _each(element: Element | None) -> list[str]:
    if element is None:
        return []
    inner = children(element, "langstring") + children(element, "string")
    return [text_of(one) for one in inner] or [text_of(element)]
