"""Words, digits and dates, as readers of three languages see them."""

import re
from datetime import timedelta, timezone
from io import BytesIO

import pytest
from babel.messages.pofile import read_po
from flask import Flask, render_template_string

from sync.web import language
from sync.web.language import (
    LANGUAGES,
    NO_BREAK,
    SOURCE_LANGUAGE,
    TRANSLATIONS,
    ago,
    direction,
    duration,
    gettext,
    language_name,
    lazy_gettext,
    ngettext,
    number,
    percent,
    plain_digits,
    size,
    speaking,
    timecode,
    when,
)
from sync.web.translate import as_mo, extracted, missing, read, updated

NOON = 1_795_435_200
"""Monday 23 November 2026, 12:00 UTC."""

DAY = 86_400
TRANSLATED = [tag for tag in LANGUAGES if tag != SOURCE_LANGUAGE]
VARIABLE = re.compile(r"%\((\w+)\)s|%%")


def test_digits_and_separators_are_those_of_the_language():
    written = {}
    for tag in LANGUAGES:
        with speaking(tag):
            written[tag] = number(1204.5)

    assert {"en": "1,204.5", "fr": "1\u202f204,5", "ar": "١٬٢٠٤٫٥"} == written


@pytest.mark.parametrize(
    ("size_bytes", "expected"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1 kB"),
        (9_940, "9.9 kB"),
        (9_960, "10 kB"),
        (999_499, "999 kB"),
        (999_500, "1 MB"),
        (14_200_000, "14 MB"),
        (3_140_000_000, "3.1 GB"),
        (2_000_000_000_000_000, "2,000 TB"),
    ],
)
def test_a_size_has_thousands_and_one_decimal_under_ten(size_bytes, expected):
    assert expected == size(size_bytes).replace(NO_BREAK, " ")


def test_a_number_never_parts_from_its_unit():
    shown = ""
    for tag in LANGUAGES:
        with speaking(tag):
            shown += size(14_000_000) + duration(40) + duration(360) + duration(4_800).replace(f"{NO_BREAK}h ", "")

    assert 1 == shown.count(" "), "only between hours and minutes, in French and English alike, may a line break"


def test_sizes_have_the_units_of_the_language():
    written = {}
    for tag in LANGUAGES:
        with speaking(tag):
            written[tag] = size(3_100_000)

    assert {"en": "3.1\u00a0MB", "fr": "3,1\u00a0Mo", "ar": "٣٫١\u00a0م.ب"} == written


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, "0 s"), (59.9, "59 s"), (60, "1 min"), (3_570, "1 h"), (4_800, "1 h 20 min")]
)
def test_a_duration_is_as_short_as_people_say_it(seconds, expected):
    assert expected == duration(seconds).replace(NO_BREAK, " ")


def test_a_place_in_a_film_has_the_digits_of_the_language():
    with speaking("ar"):
        assert "٢:١٠" == timecode(130)


def test_only_all_of_it_is_a_hundred_per_cent():
    assert ["0%", "99%", "100%"] == [percent(9), percent(999), percent(1000)]


@pytest.mark.parametrize(
    ("offset_seconds", "expected"),
    [
        (-3_600, "today 11:00"),
        (-DAY, "yesterday 12:00"),
        (DAY, "tomorrow 12:00"),
        (-9 * DAY, "14 Nov, 12:00"),
        (-400 * DAY, "19 Oct 2025"),
    ],
)
def test_a_moment_is_told_as_people_tell_it(offset_seconds, expected):
    with speaking("en", now_seconds=NOON):
        assert expected == when(NOON + offset_seconds)


def test_yesterday_is_yesterday_where_the_reader_is():
    with speaking("en", timezone=timezone(timedelta(hours=14)), now_seconds=NOON):
        assert "yesterday 23:00" == when(NOON - 3 * 3_600)


def test_without_a_clock_the_date_is_written_out():
    with speaking("fr"):
        assert "23 nov. 2026, 12:00" == when(NOON)


def test_an_unknown_moment_is_a_question_mark():
    assert "?" == when(None)


@pytest.mark.parametrize(
    ("passed_seconds", "expected"),
    [(-5, "just now"), (59, "just now"), (300, "5 min ago"), (3 * 3_600 + 700, "3 h ago"), (3 * DAY, "3 days ago")],
)
def test_what_was_is_so_long_ago(passed_seconds, expected):
    with speaking("en", now_seconds=NOON):
        assert expected == ago(NOON - passed_seconds).replace(NO_BREAK, " ")


def test_arabic_has_a_form_for_each_kind_of_number():
    with speaking("ar"):
        said = [ngettext("%(num)s class", "%(num)s classes", num) for num in (1, 2, 3, 11)]

    assert ["صف واحد", "صفان", "٣ صفوف", "١١ صفًا"] == said


def test_a_lazy_sentence_is_said_in_the_language_of_its_reader():
    sentence = lazy_gettext("Fish")

    said = []
    for tag in LANGUAGES:
        with speaking(tag):
            said.append(str(sentence))

    assert ["Fish", "Poisson", "سمكة"] == said


def test_a_sentence_without_translation_is_said_in_english():
    with speaking("fr"):
        assert "Nobody ever translated 7 of these." == gettext("Nobody ever translated %(num)s of these.", num=7)


def test_the_former_language_is_spoken_again():
    with speaking("fr"):
        with speaking("ar"):
            pass
        assert "fr" == language.language_now()


def test_arabic_and_urdu_run_from_the_right():
    assert ["rtl", "rtl", "ltr", "ltr"] == [direction(tag) for tag in ("ar", "ur-PK", "fr", "km")]


def test_a_language_is_named_in_itself():
    assert ["العربية", "Français", "tlh"] == [language_name(tag) for tag in ("ar", "fr-CA", "tlh")]


@pytest.mark.parametrize("typed", ["4071", "٤٠٧١", "۴۰۷۱", "៤០៧១"])
def test_a_pin_is_the_same_on_every_keyboard(typed):
    assert "4071" == plain_digits(typed)


def test_what_a_person_wrote_is_escaped_in_a_translated_sentence():
    app = Flask(__name__)
    language.install(app)

    with app.app_context(), speaking("fr"):
        shown = render_template_string("{{ _('Welcome, %(name)s', name=name) }}", name="<b>Amina</b>")

    assert "Bienvenue, &lt;b&gt;Amina&lt;/b&gt;" == shown


def test_a_number_in_a_template_is_worked_out_for_each_reader():
    """Jinja works out filters of constants when it compiles: Arabic pages once had the digits of whoever came first."""
    app = Flask(__name__)
    language.install(app)
    template = app.jinja_env.from_string("{{ 14000000|size }}")

    shown = []
    for tag in ("en", "ar"):
        with speaking(tag):
            shown.append(template.render().replace(NO_BREAK, " "))

    assert ["14 MB", "١٤ م.ب"] == shown


# ---- the catalogues --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sentences():
    return extracted()


@pytest.mark.parametrize("tag", TRANSLATED)
def test_every_sentence_of_every_page_is_translated(tag, sentences):
    assert [] == missing(updated(read(tag), sentences)), "write them into messages.po, then run `make translations`"


@pytest.mark.parametrize("tag", TRANSLATED)
def test_no_sentence_is_kept_that_no_page_says(tag, sentences):
    said = {message.id for message in sentences if message.id}

    assert set() == {message.id for message in read(tag) if message.id} - said


def test_what_is_read_in_arabic_is_written_in_arabic():
    """French once stood in its place: a sentence was there, so nothing was missing."""
    written = {message.id: message.string for message in read("ar") if message.id}
    forms = [form for string in written.values() for form in ([string] if isinstance(string, str) else string)]
    words = [re.sub(r"%\(\w+\)s|`[^`]*`", "", form) for form in forms]

    assert [] == [form for form in words if re.search("[a-zA-Z]{4}", form) and not re.search("[\u0600-\u06ff]", form)]


@pytest.mark.parametrize("tag", TRANSLATED)
def test_what_is_compiled_is_what_was_written(tag):
    compiled = (TRANSLATIONS / tag / "LC_MESSAGES" / "messages.mo").read_bytes()

    assert as_mo(read(tag)) == compiled


@pytest.mark.parametrize("tag", TRANSLATED)
def test_a_translation_names_what_its_sentence_names(tag):
    """A number may be said in words ("one class"), everything else must be there, and nothing may be added."""
    wrong = []
    for message in read(tag):
        if not message.id:
            continue
        english = message.id if isinstance(message.id, tuple) else (message.id,)
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        wanted = set().union(*(set(VARIABLE.findall(form)) for form in english))
        may_lack = {"num"} if len(forms) > 1 else set()
        wrong += [form for form in forms if not wanted - may_lack <= set(VARIABLE.findall(form)) <= wanted]

    assert [] == wrong


def test_the_plural_rule_is_the_one_of_the_language():
    with (TRANSLATIONS / "ar" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        assert 6 == read_po(BytesIO(file.read())).num_plurals
