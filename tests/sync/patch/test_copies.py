"""Copies: a big file out of an older one, exactly; and instructions that nobody should follow."""

import io
import random
import resource
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.patch.copies import (
    COPIES_MAX,
    INSTRUCTIONS_BYTES_MAX,
    Copy,
    Difference,
    difference,
    is_worth,
    literal_bytes_of,
    replay,
)
from sync.patch.format import PackRefused

NOISE = random.Random(3).randbytes(300_000)
WORDS = b"".join(b"<p>Water is %d times as heavy as air.</p>\n" % number for number in range(8000))


class Unread(io.BytesIO):
    """A base that nobody may read."""

    def read(self, size=-1):
        raise AssertionError("a base was read before its instructions were checked")


def replayed(instructions, literals, base, size_bytes, base_bytes=None):
    """What comes out, and what is left of the literals."""
    stream = io.BytesIO(literals)

    def take(count):
        yield memoryview(stream.read(count))

    pieces = replay(instructions, take, io.BytesIO(base), size_bytes, base_bytes=base_bytes)
    return b"".join(pieces), stream.read()


def there_and_back(base, target):
    found = difference(base, target)
    return replayed(found.instructions(), b"".join(found.literals()), base, len(target))


def hostile(*copies):
    """Instructions as a stranger may write them."""
    return Difference(tuple(Copy(*copy) for copy in copies), b"").instructions()


edits = st.lists(
    st.tuples(st.integers(0, 300_000), st.integers(0, 5_000), st.binary(max_size=40)), min_size=0, max_size=12
)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(edits=edits, turned=st.integers(0, 299_999))
def test_whatever_was_edited_comes_back(edits, turned):
    target = NOISE[turned:] + NOISE[:turned]
    for at, removed_bytes, added in edits:
        target = target[:at] + added + target[at + removed_bytes :]

    assert (target, b"") == there_and_back(NOISE, target)


@settings(max_examples=60, deadline=None)
@given(base=st.binary(max_size=3000), target=st.binary(max_size=3000))
def test_two_files_that_share_nothing_come_back_too(base, target):
    assert (target, b"") == there_and_back(base, target)


@pytest.mark.parametrize(
    ("base", "target"),
    [(b"", NOISE), (NOISE, b""), (b"", b""), (NOISE, NOISE), (bytes(200_000), bytes(150_001)), (NOISE, NOISE * 2)],
    ids=["no base", "no target", "nothing at all", "the same", "noughts", "twice"],
)
def test_odd_pairs_come_back(base, target):
    assert (target, b"") == there_and_back(base, target)


def test_an_insertion_costs_its_own_bytes_and_a_few_for_the_copies():
    target = NOISE[:100_000] + b"a new sentence" + NOISE[100_000:]

    found = difference(NOISE, target)

    assert [Copy(0, 0, 100_000), Copy(14, 100_000, 200_000)] == list(found.copies)
    assert b"a new sentence" == b"".join(found.literals())
    assert len(found.instructions()) <= 12


def test_one_changed_byte_is_one_literal():
    target = NOISE[:150_000] + bytes([NOISE[150_000] ^ 1]) + NOISE[150_001:]

    assert 1 == difference(NOISE, target).literal_bytes


def test_the_tables_at_a_films_end_are_searched_finer():
    """Between two anchors only short runs are left in common: an index whose every tenth number changed."""
    numbers = random.Random(5).choices(range(1 << 31), k=3000)
    before = b"".join(number.to_bytes(4, "big") for number in numbers)
    after = b"".join((number ^ (place % 20 == 0)).to_bytes(4, "big") for place, number in enumerate(numbers))

    found = difference(NOISE + before, NOISE + after)

    assert len(found.copies) > 100
    assert found.literal_bytes < 1500


def test_files_and_bytes_give_the_same_copies(tmp_path):
    target = NOISE[5000:] + NOISE[:7000]
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(NOISE)
    new.write_bytes(target)

    with old.open("rb") as one, new.open("rb") as two:
        from_files = difference(one, two)

    assert from_files.copies == difference(old, new).copies == difference(NOISE, io.BytesIO(target)).copies


def test_a_base_that_lost_its_end_keeps_the_stream_in_step():
    """The card lost half of a film. What is rebuilt is wrong, and its digest says so; the files behind it are right."""
    target = NOISE[:1000] + b"new" + NOISE[1000:]
    found = difference(NOISE, target)

    came, left = replayed(found.instructions(), b"new" + b"next file", NOISE[:500], len(target), len(NOISE))

    assert (len(target), b"next file") == (len(came), left)
    assert NOISE[:500] == came[:500]


def test_the_literals_of_instructions_can_be_counted():
    found = difference(NOISE, NOISE[:90_000] + b"some" + NOISE[120_000:])

    assert found.literal_bytes == literal_bytes_of(found.instructions(), found.size_bytes)


@pytest.mark.parametrize(
    "instructions",
    [
        hostile((0, 0, 1001)),
        hostile((0, 999, 2)),
        hostile((0, -1, 5)),
        hostile((0, 500, 100), (0, -600, 100)),
        hostile((3000, 0, 1)),
        hostile((1900, 0, 101)),
        hostile((0, 0, 0)),
        hostile((0, 1 << 62, 1)),
        hostile((0, 0, 500)) + b"\0",
        hostile((0, 0, 500))[:-1],
        b"",
        b"\x80",
        b"\x80" * 20 + b"\1",
        b"\xff" * 8 + b"\x7f",
        b"\0\0",
    ],
    ids=[
        "longer than the base", "over its end", "before its beginning", "back before its beginning",
        "more literals than the file", "longer than the file", "a copy of nothing", "an offset beyond everything",
        "one number more", "one number less", "nothing", "a cut number", "a number without end", "copies without end",
        "more than no copies",
    ],
)  # fmt: skip
def test_hostile_instructions_are_refused_before_a_byte_is_read(instructions):
    def nothing(count):
        raise AssertionError("literals were taken before the instructions were checked")

    with pytest.raises(PackRefused):
        replay(instructions, nothing, Unread(bytes(1000)), 2000)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(instructions=st.binary(max_size=60), size_bytes=st.integers(0, 5000))
def test_any_instructions_make_the_file_or_are_refused(instructions, size_bytes):
    try:
        came, _ = replayed(instructions, bytes(size_bytes), NOISE[:2000], size_bytes)
    except PackRefused:
        return
    assert size_bytes == len(came)


def test_too_many_copies_are_refused():
    many = Difference((Copy(0, 0, 1),) * (COPIES_MAX + 1), b"").instructions()

    with pytest.raises(PackRefused, match="too many"):
        replay(many, iter, Unread(b"0"), 1 << 40)
    with pytest.raises(PackRefused, match="too many"):
        replay(bytes(INSTRUCTIONS_BYTES_MAX + 1), iter, Unread(b"0"), 1 << 40)


def test_copies_are_worth_it_for_films_and_for_text_of_which_little_changed():
    film = difference(NOISE, NOISE[:200_000] + random.Random(4).randbytes(50_000))
    one_word = difference(WORDS, WORDS.replace(b"Water is 7000 ", b"Water was 7000 "))

    assert is_worth(film, fits_a_group=True)
    assert is_worth(one_word, fits_a_group=True)


def test_copies_are_not_worth_it_where_they_spare_nothing():
    assert not is_worth(difference(NOISE, random.Random(9).randbytes(80_000)), fits_a_group=False)
    assert not is_worth(difference(b"", b""), fits_a_group=False)


def test_text_that_was_edited_all_over_goes_beside_its_base_where_it_fits():
    lines = WORDS.splitlines(keepends=True)
    edited = b"".join(b"Air? " + line if number % 30 == 0 else line[::-1] for number, line in enumerate(lines))
    mixed = difference(WORDS, WORDS[:200_000] + edited[:60_000])

    assert not is_worth(mixed, fits_a_group=True)
    assert is_worth(mixed, fits_a_group=False)


CHILD = """
import resource, sys
from pathlib import Path
from sync.patch.copies import difference, replay
found = difference(Path(sys.argv[1]), Path(sys.argv[2]))
instructions, literals = found.instructions(), b"".join(found.literals())
def take(count):
    global literals
    piece, literals = literals[:count], literals[count:]
    yield memoryview(piece)
sizes = 0
with open(sys.argv[1], "rb") as base, open(sys.argv[2], "rb") as target:
    for piece in replay(instructions, take, base, found.size_bytes):
        assert piece == target.read(len(piece))
print(len(found.copies), found.literal_bytes)
"""


@pytest.mark.slow
def test_a_sparse_film_of_200_mb_takes_little_memory(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    for path, words in ((old, b"before"), (new, b"afterwards")):
        with path.open("wb") as file:
            file.truncate(200_000_000)
            for at in range(0, 200_000_000, 10_000_000):
                file.seek(at)
                file.write(words + NOISE[: 1000 + at % 977])
    limit = 420 << 20  # of address space: both files are mapped whole, and that counts

    done = subprocess.run(
        [sys.executable, "-c", CHILD, old, new],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit + (256 << 20), limit + (256 << 20))),
    )

    assert (0, "") == (done.returncode, done.stderr)
    copies, literal_bytes = map(int, done.stdout.split())
    assert copies < 100
    assert literal_bytes < 5000


def test_copies_follow_each_other_in_the_target():
    found = difference(NOISE, NOISE[200_000:] + NOISE[:100_000] + NOISE[50_000:])

    assert found.size_bytes == found.literal_bytes + sum(one.copy_bytes for one in found.copies)
    assert any(two.base_offset < one.base_offset for one, two in pairwise(found.copies))
