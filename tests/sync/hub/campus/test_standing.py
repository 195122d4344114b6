"""Standing: what one side lacks of a journal, judged from its ends alone."""

from sync.hub.campus.standing import Epoch, held_of, lacking, tips

FIRST = Epoch("first", 4)
SECOND = Epoch("second", 2, parents={"first": 4})
BRANCH = Epoch("branch", 1, parents={"first": 1})
"""What a restored hub went on with, before it heard what it had lost."""
MERGED = Epoch("merged", 0, parents={"second": 2, "branch": 1})


def test_who_has_the_last_end_has_all_before_it() -> None:
    assert held_of([FIRST, SECOND], {"second": 1}) == {"second": 1, "first": 4}


def test_who_has_nothing_has_nothing() -> None:
    assert held_of([FIRST, SECOND], {}) == {}


def test_what_is_said_to_be_missing_is_missing() -> None:
    assert held_of([FIRST, SECOND], {"second": 1, "first": -1}) == {"second": 1, "first": -1}


def test_an_epoch_that_two_go_on_from_is_held_as_far_as_the_further_one_says() -> None:
    held = held_of([FIRST, BRANCH, SECOND], {"branch": 1, "second": 2})

    assert held["first"] == 4


def test_a_hub_lacks_what_a_box_has_beyond_it() -> None:
    assert lacking([Epoch("first", 1)], {"first": 4}) == {"first": 1}


def test_a_hub_lacks_an_epoch_that_it_never_heard_of() -> None:
    assert lacking([FIRST], {"second": 2}) == {"second": -1}


def test_a_hub_that_got_an_epoch_back_lacks_the_end_of_its_parent() -> None:
    assert lacking([Epoch("first", 1), SECOND], {"second": 2}) == {"first": 1}


def test_nothing_is_asked_of_a_box_that_lacks_it_too() -> None:
    assert lacking([Epoch("first", 1), SECOND], {"second": 2, "first": -1}) == {}


def test_a_journal_has_one_end_until_it_forks_and_again_once_it_is_merged() -> None:
    ends = [[one.name for one in tips(epochs)] for epochs in (
        [FIRST, SECOND], [FIRST, BRANCH, SECOND], [FIRST, BRANCH, SECOND, MERGED],
    )]  # fmt: skip

    assert ends == [["second"], ["branch", "second"], ["merged"]]
