"""Languages: the words, digits and dates that a reader sees.

* English sentences are the source; French and Arabic come from `translations/`, and a sentence without a
  translation is shown in English rather than not at all.
* Numbers given as numbers are written with the reader's digits, in every sentence and filter.
* A size is in thousands (1 MB = 1,000,000 bytes), with one decimal under ten and no break before the unit.
* Nothing heavy is loaded at import: Babel comes with the first number, a catalogue with the first reader who needs it.
"""

import gettext as gettext_files
import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

SOURCE_LANGUAGE = "en"
TRANSLATIONS = Path(__file__).parent / "translations"
LANGUAGES = ("en", "fr", "ar")
"""The languages that every page is translated into."""

NAMES = {
    "ar": "العربية",
    "en": "English",
    "es": "Español",
    "fil": "Filipino",
    "fr": "Français",
    "km": "ខ្មែរ",
    "ms": "Melayu",
    "my": "မြန်မာ",
    "pt": "Português",
    "si": "සිංහල",
    "sw": "Kiswahili",
    "ta": "தமிழ்",
    "ur": "اردو",
    "zh": "中文",
}
"""What speakers call their language: a chooser never names a language in another one."""

_RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
_LOCALES = {"ar": "ar_EG"}
"""Where a bare language does not tell the separators that go with its digits."""

_ZEROS = {"ar": "٠"}
"""The digits of a language, where they are not 0-9; Babel knows separators but leaves the digits."""

NO_BREAK = "\u00a0"
_DAY_SECONDS = 86_400
_DIGITS_MAX = 15
"""More than any number that somebody means."""

_COMMAND = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads this page: the language, the time zone and what time it is there."""

    language: str = SOURCE_LANGUAGE
    timezone: tzinfo = UTC
    now_seconds: int | None = None


_reader: ContextVar[Reader] = ContextVar("reader", default=Reader())  # noqa: B039 - frozen, so shared safely


def use(language: str, *, timezone: tzinfo = UTC, now_seconds: int | None = None) -> None:
    """Speak this language from here on in this request."""
    _reader.set(Reader(language, timezone, now_seconds))


@contextmanager
def speaking(language: str, *, timezone: tzinfo = UTC, now_seconds: int | None = None) -> Iterator[None]:
    """Speak this language for a while, then the former one again."""
    token = _reader.set(Reader(language, timezone, now_seconds))
    try:
        yield
    finally:
        _reader.reset(token)


def language_now() -> str:
    return _reader.get().language


def direction(language: str) -> str:
    """Tell which way a language runs.

    >>> direction("ar"), direction("fr")
    ('rtl', 'ltr')
    """
    return "rtl" if language.partition("-")[0] in _RIGHT_TO_LEFT else "ltr"


def language_name(language: str) -> str:
    """Name a language in itself; a language we do not know keeps its tag."""
    return NAMES.get(language) or NAMES.get(language.partition("-")[0]) or language


# ---- sentences -------------------------------------------------------------------------------------------------


def gettext(message: str, **variables: object) -> str:
    """Say this in the reader's language. Variables are `%(name)s`; a per cent sign is written `%%`."""
    return _catalogue(language_now()).gettext(message) % _shown(variables)


def ngettext(singular: str, plural: str, num: int, **variables: object) -> str:
    """Say this for a number of things; the sentence has the number as `%(num)s`."""
    return _catalogue(language_now()).ngettext(singular, plural, num) % _shown({"num": num, **variables})


class LazyText:
    """A sentence said when it is shown, in the language of whoever reads it then."""

    __slots__ = ("_message", "_variables")

    def __init__(self, message: str, variables: dict[str, object]) -> None:
        self._message = message
        self._variables = variables

    def __str__(self) -> str:
        return gettext(self._message, **self._variables)

    def __html__(self) -> str:
        return str(escape(str(self)))

    def __repr__(self) -> str:
        return f"lazy_gettext({self._message!r})"


def lazy_gettext(message: str, **variables: object) -> LazyText:
    """Keep this sentence for later: for labels and choices made before a reader is known."""
    return LazyText(message, variables)


def _shown(variables: dict[str, Any]) -> dict[str, Any]:
    return {name: number(value) if type(value) in (int, float) else value for name, value in variables.items()}


@lru_cache(maxsize=32)
def _catalogue(language: str) -> gettext_files.NullTranslations:
    path = TRANSLATIONS / language / "LC_MESSAGES" / "messages.mo"
    if language == SOURCE_LANGUAGE or language not in LANGUAGES or not path.exists():
        return gettext_files.NullTranslations()
    with path.open("rb") as file:
        return gettext_files.GNUTranslations(file)


# ---- numbers, sizes and times ----------------------------------------------------------------------------------


def number(value: float) -> str:
    """Write a number with the reader's digits and separators.

    >>> number(1204)
    '1,204'
    """
    from babel.numbers import format_decimal

    return _digits(format_decimal(value, locale=_locale(), numbering_system="default"))


def percent(permille: float) -> str:
    """Write a share given in thousandths, in whole hundredths: only all of it is 100 %.

    >>> percent(999)
    '99%'
    """
    from babel.numbers import format_percent

    return _digits(format_percent(int(permille // 10) / 100, locale=_locale(), numbering_system="default"))


def size(size_bytes: int) -> str:
    """Write a size as people pay for it.

    >>> size(14_200_000).replace(NO_BREAK, " "), size(3_140_000_000).replace(NO_BREAK, " ")
    ('14 MB', '3.1 GB')
    """
    amount, thousands = float(size_bytes), 0
    while _rounded(amount) >= 1000 and thousands < 4:
        amount, thousands = amount / 1000, thousands + 1
    text = number(_rounded(amount))
    match thousands:
        case 0:
            return gettext("%(amount)s B", amount=text).replace(" ", NO_BREAK)
        case 1:
            return gettext("%(amount)s kB", amount=text).replace(" ", NO_BREAK)
        case 2:
            return gettext("%(amount)s MB", amount=text).replace(" ", NO_BREAK)
        case 3:
            return gettext("%(amount)s GB", amount=text).replace(" ", NO_BREAK)
        case _:
            return gettext("%(amount)s TB", amount=text).replace(" ", NO_BREAK)


def _rounded(amount: float) -> float:
    return round(amount, 1) if round(amount, 1) < 10 and amount % 1 else round(amount)


def duration(seconds: float) -> str:
    """Write how long something takes.

    >>> duration(4_800).replace(NO_BREAK, " "), duration(40).replace(NO_BREAK, " ")
    ('1 h 20 min', '40 s')
    """
    whole = int(seconds)
    if whole < 60:
        return gettext("%(amount)s s", amount=whole).replace(" ", NO_BREAK)
    hours, minutes = divmod(max(1, round(whole / 60)), 60)
    short = gettext("%(amount)s min", amount=minutes).replace(" ", NO_BREAK)
    if hours == 0:
        return short
    long = gettext("%(amount)s h", amount=hours).replace(" ", NO_BREAK)
    return f"{long} {short}" if minutes else long


def timecode(seconds: float) -> str:
    """Write a place in a video.

    >>> timecode(130), timecode(3_730)
    ('2:10', '1:02:10')
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return _digits(f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}")


def when(wall_seconds: int | None) -> str:
    """Write a moment as people say it: today 16:00, yesterday 04:41, 14 Nov 04:41, 14 Nov 2025.

    Without a reader's clock, or far from it, the date is written out. An unknown moment is "?".
    """
    if wall_seconds is None:
        return "?"
    reader = _reader.get()
    moment = datetime.fromtimestamp(wall_seconds, reader.timezone)
    time = _digits(f"{moment:%H:%M}")
    if reader.now_seconds is None:
        return gettext("%(day)s, %(time)s", day=_date(moment, "d MMM y"), time=time)
    today = datetime.fromtimestamp(reader.now_seconds, reader.timezone).date()
    match (moment.date() - today).days:
        case 0:
            return gettext("today %(time)s", time=time)
        case -1:
            return gettext("yesterday %(time)s", time=time)
        case 1:
            return gettext("tomorrow %(time)s", time=time)
        case days if abs(days) < 180:
            return gettext("%(day)s, %(time)s", day=_date(moment, "d MMM"), time=time)
        case _:
            return _date(moment, "d MMM y")


def day(local_day: date) -> str:
    """Write a day of this year.

    >>> day(date(2026, 11, 24))
    '24 Nov'
    """
    return _date(local_day, "d MMM")


def day_near(local_day: date) -> str:
    """Write a day that is not far: by its name within a week, else by its date.

    >>> with speaking("en", now_seconds=1_795_500_000):
    ...     day_near(date(2026, 11, 26)), day_near(date(2026, 12, 26))
    ('Thursday', '26 Dec')
    """
    reader = _reader.get()
    if reader.now_seconds is not None:
        today = datetime.fromtimestamp(reader.now_seconds, reader.timezone).date()
        if 0 <= (local_day - today).days < 7:
            return _date(local_day, "EEEE")
    return day(local_day)


def ago(wall_seconds: int | None) -> str:
    """Write how long ago something was; unknown is "?"."""
    now = _reader.get().now_seconds
    if wall_seconds is None or now is None:
        return when(wall_seconds)
    passed = max(0, now - wall_seconds)
    if passed < 60:
        return gettext("just now")
    if passed < 2 * _DAY_SECONDS:
        return gettext("%(time)s ago", time=duration(passed if passed < 7_200 else passed // 3_600 * 3_600))
    days = passed // _DAY_SECONDS
    return ngettext("%(num)s day ago", "%(num)s days ago", days)


def plain_digits(text: str) -> str:
    """Fold the digits of any script to 0-9: a PIN typed on an Arabic keyboard is the same PIN.

    >>> plain_digits("٤٠٧١")
    '4071'
    """
    return "".join(str(unicodedata.digit(letter)) if letter.isdigit() else letter for letter in text)


def whole_number(text: str) -> int | None:
    """Read a whole number as somebody wrote it, in the digits of any script; None where it is none.

    >>> whole_number(" ٣٠٠ "), whole_number("40 MB"), whole_number("-3")
    (300, None, None)
    """
    digits = plain_digits(text.strip())
    is_number = digits.isascii() and digits.isdecimal() and len(digits) <= _DIGITS_MAX
    return int(digits) if is_number else None


def _date(local_day: date, pattern: str) -> str:
    from babel.dates import format_date

    return _digits(format_date(local_day, pattern, locale=_locale()))


def _digits(text: str) -> str:
    zero = _ZEROS.get(language_now())
    if zero is None:
        return text
    return "".join(chr(ord(zero) + int(letter)) if "0" <= letter <= "9" else letter for letter in text)


def _locale() -> str:
    language = language_now()
    return _LOCALES.get(language, language if language in LANGUAGES else SOURCE_LANGUAGE)


# ---- templates -------------------------------------------------------------------------------------------------


def install(app: Flask) -> None:
    """Give an application's templates our words: `_`, `gettext`, `ngettext` and the filters."""
    environment = app.jinja_env
    environment.add_extension("jinja2.ext.i18n")
    environment.newstyle_gettext = True  # type: ignore[attr-defined]
    environment.globals.update(
        {
            "_": _said,
            "gettext": _said,
            "ngettext": _said_of,
            "direction": direction,
            "language_name": language_name,
            "language_now": language_now,
        }
    )
    environment.filters[commands.__name__] = commands
    for shown in (ago, duration, number, percent, size, timecode, when):
        environment.filters[shown.__name__] = _for_reader(shown)


def commands(text: str) -> Markup:
    """A sentence with its commands, which stand between backticks, in the letters and the direction of commands.

    >>> commands("Say `qanat hub backup`, if 1 < 2.")
    Markup('Say <code dir="ltr">qanat hub backup</code>, if 1 &lt; 2.')
    """
    return Markup(_COMMAND.sub(r'<code dir="ltr">\1</code>', str(escape(text))))  # noqa: S704 - escaped before


def _for_reader(shown: Callable[[Any], str]) -> Callable[[Context, Any], str]:
    """Make a filter of it. The context keeps Jinja from working out `{{ 14|size }}` once for every reader."""

    @pass_context
    def filtered(context: Context, value: Any) -> str:
        return shown(value)

    return filtered


def _said(message: str, **variables: object) -> Markup:
    """As `gettext`, for templates: the sentence is ours and may hold markup, the variables are escaped."""
    return Markup(_catalogue(language_now()).gettext(message)) % _shown(variables)  # noqa: S704 - our own sentence


def _said_of(singular: str, plural: str, num: int, **variables: object) -> Markup:
    sentence = _catalogue(language_now()).ngettext(singular, plural, num)
    return Markup(sentence) % _shown({"num": num, **variables})  # noqa: S704 - our own sentence
