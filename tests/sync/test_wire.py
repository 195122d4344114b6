"""The wire: equal messages have equal bytes, unknown fields are kept, whatever else comes is refused by name."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.digest import digest_of
from catalog.manifest import canonical, parsed
from sync.fields import TEXT_CHARACTERS_MAX, WHOLE_MAX
from sync.keys import KeyPair, box_id
from sync.parcel import file_name, manifest_name, release_name
from sync.signing import sign_answer, sign_request
from sync.wire import (
    BATCH_BYTES_MAX,
    CAN_JPEG_XL,
    CAN_PATCH,
    MESSAGE_BYTES_MAX,
    METADATA_BYTES_MAX,
    SESSION_PATH,
    SIGNED_BATCH_BYTES_MAX,
    VERSION,
    VERSION_OLDEST,
    Answer,
    Catalogued,
    Enrol,
    Followed,
    Head,
    Holding,
    Mark,
    MessageRefused,
    Parcel,
    Refusal,
    Report,
    VersionRefused,
    Welcome,
    is_name,
    shelf_digest,
    version_fault,
)

MESSAGES = (Enrol, Welcome, Report, Answer, Refusal)
ROOT = digest_of(b"root")

names = st.text("abcXYZ019-_", min_size=1, max_size=128)
wholes = st.integers(0, WHOLE_MAX)
texts = st.text(max_size=40)
extras = st.dictionaries(texts.map("x-{}".format), st.none() | texts | st.integers(), max_size=3)
courses = st.text("abc019", min_size=1, max_size=63)
roots = st.binary(max_size=4).map(digest_of)
heads = st.builds(Head, names, wholes, names)
holdings = st.builds(Holding, courses, roots, st.lists(names, max_size=3, unique=True).map(sorted).map(tuple))
marks = st.builds(Mark, names, st.integers(-1, WHOLE_MAX), st.integers(-1, WHOLE_MAX))
parcels = st.builds(Parcel, courses, wholes, roots, names, names, wholes, wholes, st.none() | roots)
followed = st.builds(Followed, names, names, st.integers(-1, WHOLE_MAX))
catalogued = st.builds(Catalogued, names, wholes, wholes)
versions = st.integers(VERSION_OLDEST, 99)
prints = st.just(()) | st.tuples(names, st.just("") | names) | st.tuples(names, st.just("") | names, names)

enrols = st.builds(Enrol, names, names, texts, names, versions, extras)
welcomes = st.builds(Welcome, names, names, texts, names, names, versions, extras)
reports = st.builds(
    Report, names, names, names, st.lists(heads, max_size=3).map(tuple), texts, wholes,
    st.integers(-WHOLE_MAX, WHOLE_MAX), st.booleans(), st.none() | st.lists(holdings, max_size=3).map(tuple),
    st.dictionaries(texts, texts, max_size=2), st.binary(max_size=20),
    st.lists(names, max_size=3).map(tuple), st.lists(followed, max_size=3).map(tuple),
    st.lists(catalogued, max_size=3).map(tuple), st.lists(heads, max_size=3).map(tuple), st.binary(max_size=20),
    versions, extras,
    prints,
)  # fmt: skip
answers = st.builds(
    Answer, names, names, st.lists(marks, max_size=3).map(tuple), st.lists(parcels, max_size=5).map(tuple), wholes,
    wholes, st.booleans(), st.booleans(), st.lists(names, max_size=3).map(tuple),
    st.lists(followed, max_size=3).map(tuple), st.binary(max_size=20), st.binary(max_size=20), versions, extras,
    st.lists(names, max_size=3).map(tuple), texts,
)  # fmt: skip
refusals = st.builds(Refusal, names, texts, texts, st.just("") | names, versions, extras)


@given(enrols | welcomes | reports | answers | refusals)
def test_every_message_comes_back_with_all_that_a_newer_peer_put_in(message):
    assert message == type(message).from_bytes(message.to_bytes())


@given(st.binary(max_size=200), st.sampled_from(MESSAGES))
def test_whatever_comes_is_refused_by_name(data, kind):
    with pytest.raises(MessageRefused):
        kind.from_bytes(data)


@given(
    enrols | welcomes | reports | answers | refusals,
    st.data(),
    st.sampled_from([None, True, -2, 1 << 60, "", "a b", "x" * 5000, [], [[]], [["a"]], {}, {"a": []}, "\ud800"]),
)
def test_a_field_of_the_wrong_kind_is_refused_by_name_or_read(message, data, value):
    fields = parsed(message.to_bytes().partition(b"\n")[0], dict)
    fields[data.draw(st.sampled_from(sorted(fields)))] = value

    assert read(type(message), json.dumps(fields).encode()) in ("read", "refused")


def read(kind, data):
    try:
        kind.from_bytes(data).to_bytes()
    except MessageRefused:
        return "refused"
    return "read"


def test_a_sign_in_page_in_between_is_named_as_such():
    with pytest.raises(MessageRefused, match="not a message of a Qanat hub or box") as refused:
        Answer.from_bytes(b"<html>Welcome to Free Wi-Fi</html>")

    assert "sign-in page" in refused.value.hint


@pytest.mark.parametrize(
    "data", [b"[" * 100_000, b'{"v":' + b"[" * 100_000, b'{"v":1e999}', b'{"v":NaN}', b'{"v":1.0}']
)
def test_json_made_to_hurt_is_refused(data):
    with pytest.raises(MessageRefused):
        Answer.from_bytes(data)


def test_a_message_too_long_is_refused_unread():
    with pytest.raises(MessageRefused, match=str(MESSAGE_BYTES_MAX)):
        Answer.from_bytes(b" " * (MESSAGE_BYTES_MAX + 1))


def test_a_text_without_end_is_refused():
    with pytest.raises(MessageRefused, match="name is not a text of decent length"):
        Enrol.from_bytes(Enrol("token", "key", "x" * (TEXT_CHARACTERS_MAX + 1), "nonce").to_bytes())


def report(**changes):
    said = {
        "box": "copdsqhgjnkjc4ra", "request": "cmVxdWVzdDE", "nonce": "bm9uY2Ux", "heads": (), "shelf": ROOT,
        "free_bytes": 5, "wall_seconds": 1_790_000_000, "is_clock_trusted": True,
    }  # fmt: skip
    return Report(**{**said, **changes})


@pytest.mark.parametrize("batch", [b"", b"b", b"batch\nof bytes"])
@pytest.mark.parametrize("back", [b"", b"\n", b"the hub's own"])
def test_a_batch_travels_behind_the_line_and_what_the_hub_asked_back_behind_it(batch, back):
    came = Report.from_bytes(report(batch=batch, given_back=back).to_bytes())

    assert (batch, back) == (came.batch, came.given_back)


@pytest.mark.parametrize("data", [report(batch=b"batch").to_bytes()[:-1], report(batch=b"batch").to_bytes() + b"!"])
def test_a_batch_of_another_length_than_the_report_says_is_refused(data):
    with pytest.raises(MessageRefused, match="not as long as"):
        Report.from_bytes(data)


@pytest.mark.parametrize(
    "attached", [{"batch": bytes(BATCH_BYTES_MAX + 1)}, {"given_back": bytes(SIGNED_BATCH_BYTES_MAX + 1)}]
)
def test_a_batch_that_is_too_long_is_refused(attached):
    with pytest.raises(MessageRefused, match="not as long as"):
        Report.from_bytes(report(**attached).to_bytes())


@pytest.mark.parametrize(
    "attached", [{"batch": bytes(SIGNED_BATCH_BYTES_MAX + 1)}, {"metadata": bytes(METADATA_BYTES_MAX + 1)}]
)
def test_an_answer_that_brings_too_much_is_refused(attached):
    with pytest.raises(MessageRefused, match="not as long as"):
        Answer.from_bytes(Answer("a", "b", (), **attached).to_bytes())


@pytest.mark.parametrize("batch", [b"", b"b", b"batch\nof bytes"])
@pytest.mark.parametrize("metadata", [b"", b"\n", b"signed\nmetadata"])
def test_what_an_answer_brings_lies_behind_its_line(batch, metadata):
    answer = Answer.from_bytes(Answer("a", "b", (), batch=batch, metadata=metadata).to_bytes())

    assert (batch, metadata) == (answer.batch, answer.metadata)


def test_an_answer_of_another_length_than_it_says_is_refused():
    with pytest.raises(MessageRefused, match="not as long as"):
        Answer.from_bytes(Answer("a", "b", (), batch=b"batch", metadata=b"more").to_bytes()[:-1])


def test_a_clock_before_1970_is_still_heard():
    assert -5 == Report.from_bytes(report(wall_seconds=-5).to_bytes()).wall_seconds


def test_a_row_that_grew_in_a_newer_version_is_read():
    line = parsed(Answer("a", "b", [Mark("epoch", 3, 2)]).to_bytes(), dict)
    line["marks"] = [["epoch", 3, 2, "of tomorrow"]]

    assert (Mark("epoch", 3, 2),) == Answer.from_bytes(canonical(line)).marks


def full_and_patch():
    full = Parcel("water", 4, ROOT, "core", "core-water-full", 900, 1000)
    return full, replace(full, pack="core-water-patch", from_root=digest_of(b"base"))


def test_a_box_that_knows_no_patches_never_sees_one():
    """It would take a patch for a full pack, and refuse it every night."""
    full, patch = full_and_patch()

    line = parsed(Answer("a", "b", (), (patch, full)).to_bytes(), dict)

    assert [["water", 4, ROOT, "core", "core-water-full", 900, 1000]] == line["plan"]
    assert [["water", 4, ROOT, "core", "core-water-patch", 900, 1000, digest_of(b"base"), 0]] == line["patches"]


@pytest.mark.parametrize(
    "order", ["fp", "pf", "ppff", "fppf", "pfpf", "fpfp", "p", "f", ""]
)  # fmt: skip
def test_patches_and_full_packs_come_back_in_the_order_of_the_plan(order):
    full, patch = full_and_patch()
    plan = tuple(replace(full if kind == "f" else patch, pack=f"pack-{place}") for place, kind in enumerate(order))

    assert plan == Answer.from_bytes(Answer("a", "b", (), plan).to_bytes()).plan


@pytest.mark.parametrize("row", [["water", 4, ROOT, "core", "p", 1, 1, None, 0], ["water", 4, ROOT, "core", "p", 1, 1]])
def test_a_patch_that_builds_on_nothing_is_refused(row):
    line = parsed(Answer("a", "b", ()).to_bytes(), dict)

    with pytest.raises(MessageRefused):
        Answer.from_bytes(canonical({**line, "patches": [row]}))


def test_a_box_says_what_it_can_take_in_a_few_bytes():
    plain, able = report(), report(can=(CAN_JPEG_XL, CAN_PATCH))

    assert (CAN_JPEG_XL, CAN_PATCH) == Report.from_bytes(able.to_bytes()).can
    assert len(able.to_bytes()) - len(plain.to_bytes()) == len('"can":["jpeg-xl","patch"],')


def test_what_goes_down_is_called_by_what_it_is():
    assert [f"{kind}-{ROOT}" for kind in ("manifest", "release", "file")] == [
        manifest_name(ROOT), release_name(ROOT), file_name(ROOT),
    ]  # fmt: skip
    assert all(map(is_name, (manifest_name(ROOT), release_name(ROOT), file_name(ROOT))))


def test_equal_shelves_have_equal_names_in_whatever_order():
    water, bread = Holding("water", ROOT, ("core", "audio")), Holding("bread", ROOT, ("core",))

    assert shelf_digest([water, bread]) == shelf_digest([bread, Holding("water", ROOT, ("audio", "core"))])
    assert shelf_digest([water]) != shelf_digest([bread])


@pytest.mark.parametrize("version", [VERSION, VERSION + 1, VERSION + 50])
def test_our_version_and_every_newer_one_is_served(version):
    assert version_fault(Report.from_bytes(report(version=version).to_bytes()).version) is None


def test_a_version_too_old_is_told_which_side_to_update():
    fault = version_fault(Report.from_bytes(report(version=VERSION_OLDEST - 1).to_bytes()).version)

    assert isinstance(fault, VersionRefused)
    assert f"speaks version {VERSION_OLDEST - 1}" in fault.sentence
    assert "Update the other side: it is the older one." in fault.hint


def test_a_night_with_nothing_new_leaves_room_under_1500_bytes():
    """Bodies and our headers, with one head and ids of the lengths in use; the rest is the front's and the client's."""
    key, name = KeyPair.from_seed(bytes(32)), "c2FsdHdhdGVyY2FuYWw"
    box = box_id(key.public)
    head = Head("0123456789abcdef", 1234, "A" * 43)
    can = (CAN_JPEG_XL, CAN_PATCH)
    ask = report(box=box, request=name, nonce=name, heads=[head], free_bytes=123_456_789_012, can=can).to_bytes()
    answer = Answer(name, name, [Mark("0123456789abcdef", 1234, 1234)], wall_seconds=1_790_000_000).to_bytes()
    signed = sign_request("POST", SESSION_PATH, ask, key, box) | {}
    answered = sign_answer(200, answer, key, name)

    headers = [f"{one}: {value}\r\n" for each in (signed, answered) for one, value in each.items()]
    assert len(ask) + len(answer) + sum(map(len, headers)) <= 1050
