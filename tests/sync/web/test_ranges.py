"""Which part of a file is answered, by the words of RFC 9110."""

import pytest

from sync.web.ranges import Selection, Verdict, http_date, select

SIZE = 1_000
ETAG = '"abc"'
MODIFIED = 1_700_000_000


def chosen(method: str = "GET", **headers: str) -> tuple[str, int, int]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    selection: Selection = select(method, named, SIZE, ETAG, MODIFIED)
    return selection.verdict.name, selection.first_byte, selection.size_bytes


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("bytes=0-0", ("PART", 0, 1)),
        ("bytes=0-", ("PART", 0, 1_000)),
        ("bytes=100-199", ("PART", 100, 100)),
        ("bytes=900-5000", ("PART", 900, 100)),
        ("bytes=999-999", ("PART", 999, 1)),
        ("bytes=-1", ("PART", 999, 1)),
        ("bytes=-5000", ("PART", 0, 1_000)),
        ("Bytes=1-2", ("PART", 1, 2)),
        ("bytes=1000-", ("UNSATISFIABLE", 0, 0)),
        ("bytes=1000-2000", ("UNSATISFIABLE", 0, 0)),
        ("bytes=-0", ("UNSATISFIABLE", 0, 0)),
        ("bytes=5-4", ("UNSATISFIABLE", 0, 0)),
        ("bytes=0-1,5-6", ("WHOLE", 0, 1_000)),
        ("bytes=-", ("WHOLE", 0, 1_000)),
        ("bytes=a-b", ("WHOLE", 0, 1_000)),
        ("bytes=1-2-3", ("WHOLE", 0, 1_000)),
        ("bytes=+1-2", ("WHOLE", 0, 1_000)),
        ("bytes=٣-٤", ("WHOLE", 0, 1_000)),
        ("bytes=99999999999999999999-", ("WHOLE", 0, 1_000)),
        ("lines=1-2", ("WHOLE", 0, 1_000)),
        ("", ("WHOLE", 0, 1_000)),
    ],
)
def test_a_range_is_read_as_the_standard_says(wanted: str, expected: tuple[str, int, int]) -> None:
    assert expected == chosen(Range=wanted)


def test_head_ignores_a_range() -> None:
    assert chosen("HEAD", Range="bytes=0-1") == ("WHOLE", 0, SIZE)


@pytest.mark.parametrize("condition", [ETAG, http_date(MODIFIED)])
def test_a_range_is_given_while_the_file_is_the_same(condition: str) -> None:
    assert chosen(Range="bytes=0-1", If_Range=condition) == ("PART", 0, 2)


@pytest.mark.parametrize("condition", ['"other"', f"W/{ETAG}", http_date(MODIFIED + 1), http_date(MODIFIED - 1), "x"])
def test_another_file_is_sent_whole(condition: str) -> None:
    assert chosen(Range="bytes=0-1", If_Range=condition) == ("WHOLE", 0, SIZE)


@pytest.mark.parametrize("tags", [ETAG, f"W/{ETAG}", f'"x", {ETAG}', "*"])
def test_what_the_client_has_is_not_sent_again(tags: str) -> None:
    assert chosen(If_None_Match=tags, Range="bytes=0-1")[0] == Verdict.NOT_MODIFIED.name


def test_a_tag_outweighs_a_date() -> None:
    assert chosen(If_None_Match='"x"', If_Modified_Since=http_date(MODIFIED)) == ("WHOLE", 0, SIZE)


def test_a_date_decides_where_there_is_no_tag() -> None:
    assert chosen(If_Modified_Since=http_date(MODIFIED))[0] == "NOT_MODIFIED"
    assert chosen(If_Modified_Since=http_date(MODIFIED - 1))[0] == "WHOLE"
    assert chosen(If_Modified_Since="yesterday")[0] == "WHOLE"


def test_a_precondition_that_fails_stops_everything() -> None:
    assert chosen(If_Match='"x"')[0] == "PRECONDITION_FAILED"
    assert chosen(If_Unmodified_Since=http_date(MODIFIED - 1))[0] == "PRECONDITION_FAILED"
    assert chosen(If_Match=ETAG, If_Unmodified_Since=http_date(0))[0] == "WHOLE"


def test_an_empty_file_has_no_range() -> None:
    assert Verdict.UNSATISFIABLE is select("GET", {"Range": "bytes=0-"}, 0, ETAG, 0).verdict
