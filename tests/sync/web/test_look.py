"""The rules of docs/design.md that a machine can keep: bytes, contrast, words, sides and the content policy."""

import gzip
import re
from pathlib import Path

import pytest
from jinja2 import Environment

from sync.web.app import Tab, WebSettings, create_base
from sync.web.language import LANGUAGES
from sync.web.sessions import Session
from sync.web.sprite import ICONS, PICTURES
from sync.web.tile import COLOURS

ROOT = Path(__file__).parents[3]
WEB = ROOT / "sync" / "web"
CSS_BYTES_MAX = 8_000
SCRIPT_BYTES_MAX = 10_000
FRAME_BYTES_MAX = 2_500
"""What every page spends before it says anything of its own."""

STYLESHEET = (WEB / "static" / "look.css").read_text(encoding="utf-8")
CSS = re.sub(r"/\*.*?\*/", "", STYLESHEET, flags=re.DOTALL)
STAGE_CSS = (ROOT / "edge/library/stage/static/stage.css").read_text(encoding="utf-8")
SCRIPT = (WEB / "static" / "look.js").read_text(encoding="utf-8")
TEMPLATES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for package in ("catalog", "sync", "edge", "provisioning")
    for path in sorted((ROOT / package).rglob("templates/**/*.html"))
}
SOURCES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for package in ("sync", "edge")
    for path in sorted((ROOT / package).rglob("*.py"))
}

each_template = pytest.mark.parametrize("name", TEMPLATES)


def compressed(data: bytes | str) -> int:
    return len(gzip.compress(data.encode() if isinstance(data, str) else data, 9))


class Nobody:
    """Sessions of a place where nobody is signed in."""

    def find(self, cookie):
        return None

    def begin(self, person, kind, data):
        return "c" * 43, Session(csrf="word")

    def end(self, session):
        return None


@pytest.fixture
def page():
    """Fetch a page of a box that has nothing but the look."""

    def tabs(session):
        return [Tab("Home", "/", "home", is_current=True), Tab("Library", "/library", "shelf")]

    client = create_base(__name__, WebSettings("Ali Sabieh", "box", tabs=tabs), Nobody()).test_client()

    def fetch(path, language="en", **cookies):
        for cookie, value in cookies.items():
            client.set_cookie(cookie, value)
        return client.get(path, headers={"Accept-Language": language})

    return fetch


# ---- bytes -----------------------------------------------------------------------------------------------------


def test_the_stylesheet_fits_its_budget():
    assert compressed(STYLESHEET) <= CSS_BYTES_MAX


def test_the_script_fits_its_budget():
    assert compressed(SCRIPT) <= SCRIPT_BYTES_MAX


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_spends_little_before_it_says_anything(page, language):
    assert compressed(page("/no-such-page", language).data) <= FRAME_BYTES_MAX


def test_the_smallest_answer_is_empty(page):
    answer = page("/ping")

    assert (204, b"", "no-store") == (answer.status_code, answer.data, answer.headers["Cache-Control"])


# ---- colour ----------------------------------------------------------------------------------------------------


def tokens(block: str) -> dict[str, str]:
    return dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6});", block))


def blocks(selector: str) -> list[str]:
    return re.findall(re.escape(selector) + r" \{([^}]*)\}", CSS)


LIGHT = tokens(blocks(":root")[0])
DARK = tokens(blocks(":root[data-theme=dark]")[0])


def luminance(colour: str) -> float:
    letters = colour[1:] if len(colour) == 7 else "".join(letter * 2 for letter in colour[1:])
    parts = [int(letters[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


WORDS = [
    *((words, ground) for words in ("ink", "soft", "water", "clay", "sun", "leaf") for ground in ("wall", "card")),
    *(("ink", tint) for tint in ("pool", "claytint", "suntint", "leaftint")),
    ("water", "pool"),
    ("clay", "claytint"),
    ("sun", "suntint"),
    ("leaf", "leaftint"),
    ("soft", "pool"),
    ("soft", "claytint"),
    ("onwater", "water"),
    ("ondeep", "deep"),
    ("ondeep2", "deep"),
    ("deep", "ondeep"),
]
MARKS = [("edge", "wall"), ("edge", "card"), ("edge", "pool"), ("water", "wall"), ("clay", "card")]
TILES = [("tline", f"t{place}") for place in range(1, len(COLOURS) + 1)]


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("words", "ground"), WORDS)
def test_words_stand_out_from_their_ground(colours, words, ground):
    assert contrast(colours[words], colours[ground]) >= 4.5


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("mark", "ground"), MARKS + TILES)
def test_lines_and_marks_stand_out_from_their_ground(colours, mark, ground):
    assert contrast(colours[mark], colours[ground]) >= 3


def test_dark_is_the_same_whoever_asks_for_it():
    assert DARK == tokens(blocks(":root:not([data-theme])")[0])
    assert set(LIGHT) == set(DARK)


def test_every_colour_is_a_token():
    """A colour written where it is used is light in the dark; black behind a film is meant so."""
    rules = re.sub(r"--\w+: [^;]*;", "", CSS)

    assert {"#06181c", "#fff"} == set(re.findall(r"#[0-9a-f]{3,8}\b", rules))


# ---- sides, motion and old browsers ----------------------------------------------------------------------------


def test_every_side_mirrors():
    sided = re.findall(r"[\s;{](?:[a-z-]*-)?(?:left|right)(?:-[a-z]+)*\s*:|:\s*(?:left|right)\b|float", CSS)

    assert [] == sided


def test_logical_sides_have_their_older_name_before_them():
    bare = re.findall(r"(?<!; )(?:margin|padding)-inline-(?:start|end)", CSS)

    assert [] == bare


def test_what_chrome_61_lacks_is_not_leant_on():
    flexed_gap = re.findall(r"[\s;{](?:row-|column-)?gap:", CSS)

    assert [] == flexed_gap + re.findall(r"\binset\b|:is\(|:where\(|\bmin\(|\bclamp\(|@layer|&", CSS)


def test_nothing_is_shadowed_blended_or_moved():
    assert [] == re.findall(r"box-shadow|text-shadow|gradient|@keyframes|animation|italic|uppercase", CSS)


def test_the_script_is_one_that_a_phone_of_2017_reads():
    late = re.findall(r"\?\.|\?\?|\bimport\b|\bexport\b|=>\s*\{|`|\bclass\s+\w+\s*\{|#\w+\s*\(|\basync\b", SCRIPT)

    assert [] == late


def test_the_script_says_nothing_of_its_own():
    """Words in the script would be English everywhere; they come from the page."""
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", SCRIPT, flags=re.DOTALL)
    words = [text for text in re.findall(r'"([^"\n]*)"', code) if re.search(r"[A-Za-z]{2,} [a-z]{2,}", text)]

    assert ["use strict", "note bad"] == words


# ---- templates -------------------------------------------------------------------------------------------------


@each_template
def test_a_template_obeys_the_content_policy(name):
    text = TEMPLATES[name]

    assert [] == re.findall(r"\sstyle\s*=|<style|javascript:|\son[a-z]+\s*=", text)
    # What a script element of data holds is read by scripts, and run by nobody.
    data = '<script type="application/json"'
    scripts = re.findall(r"<script[^>]*>", text)
    assert [] == [script for script in scripts if "src=" not in script and not script.startswith(data)]
    assert [] == re.findall(r"(?:https?:)?//[a-z]+\.", re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL))


def written(name: str) -> str:
    """A template's own markup: expressions, statements and comments are blanks."""
    tokens = Environment(extensions=["jinja2.ext.i18n"]).lex(TEMPLATES[name])
    return "".join(text if kind == "data" else " " for _, kind, text in tokens)


def visible(name: str) -> str:
    """What a reader sees of a template that did not come through a variable or a translation.

    Commands to type (`code`) are the same in every language; `wide` is the word of a layout.
    """
    text = written(name)
    for taken in (r"<!doctype[^>]*>", r"<code.*?</code>", r"<[^>]*>", r'\s[a-z-]+="[^"]*"', r"(?m)^ *wide *$"):
        text = re.sub(taken, " ", text, flags=re.DOTALL)
    return re.sub(r"&\w+;", " ", text)


SAMPLES = {"sync/web/templates/styleguide.html": ["K7P", "2XM"]}


@each_template
def test_every_visible_word_is_translated(name):
    assert SAMPLES.get(name, []) == re.findall(r"\S*[^\W\d_]\S*", visible(name))


@each_template
def test_words_given_to_the_eye_or_ear_are_translated(name):
    spoken = re.findall(r'\s(?:aria-label|title|alt|placeholder)="([^"]*[^\W\d_][^"]*)"', written(name))
    given = re.findall(r'look\.(?:button|badge|empty|door|ask|stat|details|progress)\("([^"]*)"', TEMPLATES[name])

    assert [] == spoken + given


ICON_IN_TEMPLATE = re.compile(r'(?:look\.icon|draw_icon)\("([\w-]+)"|icon="([\w-]+)"|"icon": "([\w-]+)"')
ICON_IN_CODE = re.compile(r'icon="([\w-]+)"|Tab\([^"]*"[^"]*"\)?, "[^"]*", "([\w-]+)"')


def test_every_icon_that_a_page_names_is_drawn():
    named = {
        found
        for texts, pattern in ((TEMPLATES, ICON_IN_TEMPLATE), (SOURCES, ICON_IN_CODE))
        for text in texts.values()
        for match in pattern.findall(text)
        for found in match
        if found
    }

    assert set() == named - set(ICONS) - {"mark"}


@each_template
def test_every_class_that_a_template_names_has_its_rule(name):
    # What stands on a course's own origin has a stylesheet of its own.
    sheet = STAGE_CSS if name.startswith("edge/library/stage/") else CSS
    known = set(re.findall(r"\.([a-zA-Z][\w-]*)", sheet))
    named = {one for found in re.findall(r'class="([^"]*)"', written(name)) for one in found.split()}

    assert set() == named - known - {"ask-for"}


# ---- the styleguide --------------------------------------------------------------------------------------------


def test_the_styleguide_shows_every_piece():
    pieces = set(re.findall(r"macro ([a-z]\w*)\(", TEMPLATES["sync/web/templates/look.html"]))
    shown = set(re.findall(r"look\.(\w+)\(", TEMPLATES["sync/web/templates/styleguide.html"]))

    assert {"form", "csrf"} == pieces - shown, "a form would begin a session for whoever only looks"


def test_the_head_of_look_html_documents_every_piece():
    text = TEMPLATES["sync/web/templates/look.html"]
    documented = text[: text.index("#}")]

    assert [] == [
        piece for piece in re.findall(r"macro ([a-z]\w*)\(", text) if not re.search(rf"\b{piece}\(", documented)
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_styleguide_speaks_every_language(page, language):
    shown = page("/styleguide", language).get_data(as_text=True)

    assert f'<html lang="{language}"' in shown
    assert {"en": "Water, clay, shade", "fr": "Eau, argile, ombre", "ar": "ماء وطين وظل"}[language] in shown


def test_looking_begins_no_session(page):
    assert "Set-Cookie" not in page("/styleguide").headers


def test_a_page_draws_what_it_uses_and_nothing_else(page):
    shown = page("/no-such-page").get_data(as_text=True)

    assert set(re.findall(r'href="#i-([\w-]+)"', shown)) == set(re.findall(r'<symbol id="i-([\w-]+)"', shown))
    assert len(re.findall(r"<symbol", shown)) < len(ICONS)


def test_a_tile_that_stands_twice_is_defined_once(page):
    shown = page("/styleguide").get_data(as_text=True)
    defined = re.findall(r'<pattern id="([\w-]+)"', shown)

    assert len(set(defined)) == len(defined)
    assert set(re.findall(r'fill="url\(#([\w-]+)\)"', shown)) == set(defined)


def test_no_name_on_the_styleguide_is_given_twice(page):
    names = re.findall(r'\sid="([^"]+)"', page("/styleguide").get_data(as_text=True))

    assert sorted(set(names)) == sorted(names)


def test_the_choices_of_the_reader_are_on_the_page(page):
    shown = page("/styleguide", **{"look-theme": "dark", "look-text": "large"}).get_data(as_text=True)

    assert 'data-theme="dark" data-text="large"' in shown


def test_nine_pictures_make_a_secret():
    assert 9 == len(PICTURES)


def test_on_a_narrow_phone_the_sign_to_go_on_stays_beside_the_badge(page) -> None:
    """It once stood alone below the picture: the badge had taken what room there was."""
    shown = page("/styleguide").get_data(as_text=True)

    assert '<span class="row last"><span class="badge' in shown
    assert ".line > .last" in CSS
