"""What QTI 1.2 says in words: its material, and the labels that programs hang on tests and items."""

from urllib.parse import quote

from catalog.importers.xml import Element, children, descendants, text_of
from catalog.questions.markup import from_text

HTML = ("text/html", "text/xhtml", "html")


def material(element: Element | None) -> str:
    """All words, pictures and sounds in an element, in their order."""
    if element is None:
        return ""
    pieces = []
    for one in element.iter():
        match one.tag:
            case "mattext" | "matemtext":
                pieces.append(words(one))
            case "matimage" if one.get("uri"):
                pieces.append(f'<img src="{quote(one.get("uri", ""), safe="/$:@%+,;=()~!&*")}" alt="">')
            case "mataudio" if one.get("uri"):
                pieces.append(f'<audio src="{quote(one.get("uri", ""), safe="/$:@%+,;=()~!&*")}"></audio>')
            case "matbreak":
                pieces.append("<br>")
            case _:
                pass
    return "".join(pieces)


def words(element: Element) -> str:
    """One `mattext`: HTML where it says so, or where it plainly is."""
    text = "".join(element.itertext()).strip()
    kind = element.get("texttype", "text/plain").lower()
    return text if kind in HTML else from_text(text)


def metadata(element: Element) -> dict[str, str]:
    """The labels of a test or an item: by name, in small letters."""
    said: dict[str, str] = {}
    own = [one for one in element if one.tag in ("qtimetadata", "itemmetadata")]
    for part in own:
        for one in descendants(part, "qtimetadatafield"):
            said.setdefault(text_of(one, "fieldlabel").lower(), text_of(one, "fieldentry"))
        for one in part:
            if one.tag.startswith("qmd_"):
                said.setdefault(one.tag.lower(), text_of(one))
    for one in children(element, "duration"):
        said.setdefault("duration", text_of(one))
    return said
