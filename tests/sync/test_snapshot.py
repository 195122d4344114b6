"""Snapshots: whole, bounded, and read with care."""

from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.manifest import canonical
from sync.events import PAYLOAD_BYTES_MAX, is_as_its_kind
from sync.snapshot import KIND, Answered, Passing, Scored, Snapshot, Standing, pieces, snapshot_of

counts = st.integers(0, 1 << 40)
places = st.builds(Standing, st.text(max_size=9), counts, st.integers(0, 1000), st.booleans(), counts, counts,
                   st.text(max_size=9), counts)  # fmt: skip
answers = st.builds(Answered, st.text(max_size=9), st.text(max_size=9), st.text(max_size=3000), counts)

scores = st.one_of(st.none(), st.integers(0, 1000))
results = st.builds(
    Scored, st.text(max_size=9), counts, scores, scores, st.sampled_from(Passing), counts, counts, counts
)


@settings(max_examples=25)
@given(st.lists(places, max_size=20), st.lists(answers, max_size=9), st.lists(results, max_size=20))
def test_the_pieces_say_all_of_it_in_order_and_each_fits_an_event(stand, said, came):
    found = list(pieces("water", stand, said, came))

    assert stand == [place for piece in found for place in piece.places]
    assert said == [answer for piece in found for answer in piece.answers]
    assert came == [result for piece in found for result in piece.results]
    assert all(len(canonical(piece.fields())) <= PAYLOAD_BYTES_MAX for piece in found)
    assert all(is_as_its_kind(KIND, piece.fields()) and piece == snapshot_of(piece.fields()) for piece in found)


def test_who_did_nothing_needs_no_event():
    assert [] == list(pieces("water", [], []))


def test_an_answer_that_leaves_no_room_is_left_to_the_hub():
    long, short = Answered("a", "1", "x" * (PAYLOAD_BYTES_MAX - 100), 1), Answered("a", "2", "y", 1)

    (piece,) = pieces("water", [], [long, short])

    assert (short,) == piece.answers


def test_rows_of_a_newer_box_are_read_as_far_as_we_know_them():
    row = Answered("a", "1", "x", 7).row()

    read = snapshot_of({"course": "water", "answers": [[*row, "more"], ["a"], "b", [1, 2, 3, 4], ["a", "1", "x", -1]]})

    assert Snapshot("water", (), (Answered("a", "1", "x", 7),)) == read
