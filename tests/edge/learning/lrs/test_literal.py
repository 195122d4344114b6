"""Forms of texts: what counts as an address, a language, a moment, a length of time."""

import pytest

from edge.learning.lrs import literal


@pytest.mark.parametrize(
    "tag", ["en", "en-GB", "zh-Hant-TW", "sl-rozaj-biske", "de-CH-1901", "x-pig", "i-klingon", "tlh"]
)
def test_is_a_language(tag: str) -> None:
    assert literal.is_language(tag)


@pytest.mark.parametrize("tag", ["", "a", "a12345678", "en_GB", "en-", "-en", "e", "en-GB-GB-GB", "٣", "e" * 70])
def test_is_no_language(tag: str) -> None:
    assert not literal.is_language(tag)


@pytest.mark.parametrize("text", ["PT0.5S", "P1Y2M3DT4H5M6S", "P3W", "PT36H", "P0.5Y"])
def test_is_a_duration(text: str) -> None:
    assert literal.is_duration(text)


@pytest.mark.parametrize("text", ["", "P", "PT", "P1H", "1H", "P1DT", "PT1S1M", "P1W1D", "P-1D", "PT" + "1" * 90 + "S"])
def test_is_no_duration(text: str) -> None:
    assert not literal.is_duration(text)


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("2026-01-01T00:00:00Z", 1_767_225_600_000_000),
        ("2026-01-01T03:00:00.25+03:00", 1_767_225_600_250_000),
        ("2026-01-01T03:00:00.25+0300", 1_767_225_600_250_000),
        ("2026-01-01T03:00:00+03", 1_767_225_600_000_000),
        ("2026-01-01T00:00:00.123456789Z", 1_767_225_600_123_456),
        ("2026-01-01t00:00:00z", 1_767_225_600_000_000),
    ],
)
def test_a_moment_is_read(text: str, microseconds: int) -> None:
    assert microseconds == literal.microseconds_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01",
        "2026-13-01T00:00:00Z",
        "2026-01-01T25:00:00Z",
        "2026-01-01 00:00:00Z",
        "2026-01-01T00:00:00-00",
        "x",
    ],
)
def test_is_no_moment(text: str) -> None:
    assert literal.microseconds_of(text) is None


@pytest.mark.parametrize("text", ["http://example.org/a?b=c#d", "urn:uuid:1", "mailto:a@b", "tag:x,2026:ماء"])
def test_is_an_address(text: str) -> None:
    assert literal.is_iri(text)


@pytest.mark.parametrize(
    "text", ["example.org", "/well", "http://a b", "", "http://<script>", "a" * 10 + ":" + "b" * 2000]
)
def test_is_no_address(text: str) -> None:
    assert not literal.is_iri(text)


def test_no_form_takes_longer_than_the_text_is_long() -> None:
    """A pattern that tries every way would not come back from these."""
    for text in ("en" + "-abcde" * 10_000, "P" + "1" * 100_000, "http:" + "%" * 100_000, "2" * 100_000, "a-" * 50_000):
        assert not literal.is_language(text)
        assert not literal.is_duration(text)
        assert literal.microseconds_of(text) is None
        assert not literal.is_iri(text)
        assert not literal.is_media_type(text)
