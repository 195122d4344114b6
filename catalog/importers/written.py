"""Pages that importers write: words that came without a page around them, and bare pages made readable on a phone."""

import html
import re

_STYLE = (
    "<style>body{max-width:42rem;margin:0 auto;padding:1rem;font:1rem/1.6 system-ui,sans-serif;"
    "overflow-wrap:break-word}img,video,iframe,table{max-width:100%}img,video{height:auto}pre{overflow-x:auto}</style>"
)
_VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1">'
_HEAD_END = re.compile(r"</head\s*>|<body\b", re.IGNORECASE)
_HAS_LOOK = re.compile(
    r"<link\b[^<>]{0,300}stylesheet|<style\b|<script\b[^<>]{0,300}\bsrc\b|<frameset\b", re.IGNORECASE
)
_IMAGE = re.compile(r"""<img\b(?:[^<>"']|"[^"<>]{0,20000}"|'[^'<>]{0,20000}'){0,60000}>""", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-zA-Z][\w-]{0,60})\s{0,8}=\s{0,8}(?:"([^"<>]{0,20000})"|'([^'<>]{0,20000})')""")
_TEX = ("data-equation-content", "title", "alt")
"""Where the picture of a formula tells its words, the surest first."""
_MATH = re.compile(r"<math\b[^<>]{0,500}>.{1,20000}</math>", re.DOTALL)


def page_of(title: str, body: str, language: str = "") -> bytes:
    """A page of these words; `body` is markup."""
    tag = f' lang="{html.escape(language)}" dir="auto"' if language else ""
    name = html.escape(title)
    return (
        f'<!doctype html><html{tag}><head><meta charset="utf-8">{_VIEWPORT}<title>{name}</title>{_STYLE}</head>'
        f"<body><h1>{name}</h1>\n{body}\n</body></html>\n"
    ).encode()


def readable(page: str) -> str:
    """A page that says nothing of how it looks, fit for a phone; others stay as they are. Formulas become text."""
    page = with_formulas(page)
    if _HAS_LOOK.search(page) or "viewport" in page[:8192]:
        return page
    head = _HEAD_END.search(page)
    at = head.start() if head else 0
    charset = "" if "charset" in page[:4096].lower() else '<meta charset="utf-8">'
    return f"{page[:at]}{charset}{_VIEWPORT}{_STYLE}{page[at:]}"


def with_formulas(markup: str) -> str:
    """Pictures of formulas that a server would draw, as the formulas that they tell: MathML, else TeX as text."""
    return _IMAGE.sub(_formula, markup) if "equation" in markup else markup


def _formula(found: re.Match[str]) -> str:
    said = {name.lower(): first or second for name, first, second in _ATTRIBUTE.findall(found[0])}
    if "data-equation-content" not in said and "equation_image" not in said.get("class", ""):
        return found[0]
    if math := _MATH.search(html.unescape(said.get("data-mathml", ""))):
        return math[0]
    tex = next((said[name] for name in _TEX if said.get(name)), "")
    return f"\\({tex.removeprefix('LaTeX: ')}\\)" if tex else found[0]
