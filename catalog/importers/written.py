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
_FORMULA = re.compile(r"""<img\b[^<>]{0,3000}?\bdata-equation-content=(["'])(?P<tex>[^"'<>]{1,2000})\1[^<>]{0,3000}>""")


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
    page = _FORMULA.sub(lambda found: f"\\({found['tex']}\\)", page)
    if _HAS_LOOK.search(page) or "viewport" in page[:8192]:
        return page
    head = _HEAD_END.search(page)
    at = head.start() if head else 0
    charset = "" if "charset" in page[:4096].lower() else '<meta charset="utf-8">'
    return f"{page[:at]}{charset}{_VIEWPORT}{_STYLE}{page[at:]}"
