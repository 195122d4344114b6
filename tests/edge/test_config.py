"""Settings: defaults, refusals in words, and changes that keep what people wrote."""

import dataclasses
from pathlib import Path

import pytest

from catalog.fault import CallerFault
from edge.config import Config, changed
from sync.budget.allowance import Budget

DOCS = Path(__file__).parents[2] / "docs" / "settings.md"


def test_an_empty_file_is_a_whole_configuration() -> None:
    assert Config() == Config.from_toml("")


def test_every_setting_has_its_row_with_default_unit_and_sentence() -> None:
    rows = {
        cells[0].strip("` "): [cell.strip() for cell in cells[1:]]
        for line in DOCS.read_text().splitlines()
        if line.startswith("| `") and (cells := line.strip("|").split("|"))
    }

    expected = {
        one.name: [f"`{_as_toml(one.default)}`", one.metadata["unit"], one.metadata["says"]]
        for one in dataclasses.fields(Config)
    }

    assert expected == rows


def test_a_mistyped_setting_is_named_with_what_was_meant() -> None:
    with pytest.raises(CallerFault) as refused:
        Config.from_toml('windows = "01:00-05:00"')

    assert ("box.toml has a setting that is not known: windows.", "Did you mean window?") == (
        refused.value.sentence,
        refused.value.hint,
    )


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("port = 70000", "port"),
        ('port = "8080"', "port"),
        ("port = true", "port"),
        ("port = 8104", "port"),
        ('language = "xx"', "language"),
        ("languages = []", "languages"),
        ('languages = "en"', "languages"),
        ('window = "25:00-05:00"', "window"),
        ('window = "01:00-05:00, noon"', "window"),
        ("night_mb = -1", "night_mb"),
        ("month_mb = 1.5", "month_mb"),
        ("month_begins = 31", "month_begins"),
        ("month_carries = 1", "month_carries"),
        ("rate_kbit = -256", "rate_kbit"),
        ('layers = ["Video"]', "layers"),
        ('uplink = "wwan0 or eth0"', "uplink"),
        ('proxy = "proxy.school.example:3128"', "proxy"),
        ('neighbour_addresses = ["10.0.0.7"]', "neighbour_addresses"),
        ('sticks = "media"', "sticks"),
        ('timezone = "Mars/Olympus"', "timezone"),
        ('timezone = "../etc/passwd"', "timezone"),
        ('hub = "ftp://hub.example"', "hub"),
        ('content_host = "content.example"', "content_host"),
        ('content_host = "{course}.content.example"', "address"),
        ('address = "http://box.lan/pages"', "address"),
        ('accel = "internal"', "accel"),
        ("content_ports = 0", "content_ports"),
        ('name = ""', "name"),
        ('is_behind_tls = "yes"', "is_behind_tls"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(line: str, named: str) -> None:
    with pytest.raises(CallerFault, match=f"^The setting {named} should be"):
        Config.from_toml(line)


def test_a_broken_line_is_refused_with_its_place() -> None:
    with pytest.raises(CallerFault, match=r"line 1"):
        Config.from_toml("name = Ali")


def test_a_change_keeps_the_words_around_it() -> None:
    text = '# our box\nname = "Ali Sabieh"\nwindow = "01:00-05:00"\n'

    assert '# our box\nname = "Ali Sabieh"\nwindow = "22:00-04:00"\nhub = "https://hub.example"\n' == changed(
        text, {"window": "22:00-04:00", "hub": "https://hub.example"}
    )


def test_a_change_of_a_value_over_several_lines_writes_the_file_anew() -> None:
    text = 'name = "Obock"\nlanguages = [\n  "fr",\n  "en",\n]\n'

    assert 'name = "Obock"\nlanguages = ["en", "ar"]\n' == changed(text, {"languages": ["en", "ar"]})


@pytest.mark.parametrize("name", ['L\'école "Obock"', "مدرسة", "back\\slash", "tab\tand\nline", "\U0001f54c"])
def test_any_name_survives_the_file(name: str) -> None:
    assert name == Config.from_toml(changed("", {"name": name})).name


def test_a_pool_of_ports_is_one_port_where_courses_have_host_names() -> None:
    by_port = Config(content_port=9000, content_ports=4)
    by_name = Config(content_port=9000, content_host="{course}.content.example", address="http://box.example")

    assert ([9000, 9001, 9002, 9003], [9000]) == (list(by_port.ports_for_content), list(by_name.ports_for_content))


def test_a_proxy_shows_the_ports_under_other_numbers() -> None:
    config = Config(content_port=18_100, content_port_seen=8100)

    assert 8103 == config.content_port_as_seen(18_103)


def test_a_budget_is_read_in_the_units_that_providers_use() -> None:
    config = Config.from_toml(
        "night_mb = 40\nmonth_mb = 1000\nmonth_begins = 15\nmonth_carries = true\nrate_kbit = 256"
    )

    assert Budget(40_000_000, 1_000_000_000, 15, True, 32_000) == config.budget


def test_without_a_budget_there_is_no_limit() -> None:
    assert Budget() == Config().budget


def test_several_windows_are_one_setting() -> None:
    config = Config.from_toml('window = "01:00-05:00, 13:00-14:00"')

    assert ["01:00-05:00", "13:00-14:00"] == [str(window) for window in config.windows]


@pytest.mark.parametrize(
    ("layers", "wanted"),
    [
        ((), ["core", "audio", "video-360", "video-480"]),
        (("audio",), ["core", "audio"]),
        (("video-360",), ["core", "video-360"]),
        (("audio", "video"), ["core", "audio", "video-360", "video-480"]),
    ],
)
def test_a_box_chooses_what_comes_besides_text(layers: tuple[str, ...], wanted: list[str]) -> None:
    config = Config(layers=layers)

    assert wanted == [name for name in ("core", "audio", "video-360", "video-480") if config.wants_layer(name)]


def _as_toml(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case tuple():
            return "[" + ", ".join(f'"{one}"' for one in value) + "]"
        case str():
            return f'"{value}"'
        case _:
            return str(value)
