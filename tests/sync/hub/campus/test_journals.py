"""Campus journals: what the hub says reaches every box once, whatever is lost, doubled or put back on the way."""

import random
from collections.abc import Callable

import pytest

from sync.following.signed import opened
from sync.hub import schema
from sync.hub.engine import writing
from sync.hub.fleet import Refused
from sync.keys import KeyPair, PublicKey
from sync.wire import Report
from tests.sync.hub.campus.conftest import Follower, Hub, said

Followers = Callable[..., Follower]


def test_a_box_hears_everything_once_and_in_order(campus_hub: Hub, followers: Followers) -> None:
    box = followers()
    campus_hub.says("one", "two", "three")

    box.talks(campus_hub)

    assert box.texts() == [text for word in ("one", "two", "three") for text in said([word])]


def test_a_second_talk_brings_nothing(campus_hub: Hub, followers: Followers) -> None:
    box = followers()
    campus_hub.says("one")
    box.talks(campus_hub)

    assert box.talks(campus_hub) == 0


def test_what_is_repeated_is_taken_once(campus_hub: Hub, followers: Followers) -> None:
    box = followers()
    campus_hub.says("one")
    batch = campus_hub.hears(box, box.report()).batch
    box.takes(batch)

    assert box.takes(batch) is False
    assert box.texts() == said(["one"])


def test_a_box_that_lost_an_answer_is_told_again(campus_hub: Hub, followers: Followers) -> None:
    box = followers()
    campus_hub.says("one")
    campus_hub.hears(box, box.report())
    campus_hub.says("two")

    box.talks(campus_hub)

    assert sorted(box.texts()) == said(["one", "two"])


def test_each_run_of_the_hub_goes_on_from_the_last(campus_hub: Hub, followers: Followers) -> None:
    box = followers()
    campus_hub.says("one")
    campus_hub.starts()
    campus_hub.says("two")

    box.talks(campus_hub)

    assert sorted(box.texts()) == said(["one", "two"])
    assert len(box.following.standing()) == 1


def test_epochs_may_come_in_any_order(campus_hub: Hub, followers: Followers) -> None:
    box, other = followers("lab"), followers("hall")
    campus_hub.says("one")
    first = campus_hub.hears(other, other.report()).batch
    other.takes(first)
    campus_hub.starts()
    campus_hub.says("two")
    second = campus_hub.hears(other, other.report()).batch

    box.takes(second)
    told_meanwhile = {(row.epoch, row.sequence) for row in box.following.standing()}
    box.takes(first)

    assert any(sequence == -1 for _, sequence in told_meanwhile)
    assert len(box.following.standing()) == 1
    assert sorted(box.texts()) == said(["one", "two"])


def test_a_box_that_lacks_the_middle_is_sent_it(campus_hub: Hub, followers: Followers) -> None:
    box, other = followers("lab"), followers("hall")
    campus_hub.says("one")
    other.talks(campus_hub)
    campus_hub.starts()
    campus_hub.says("two")
    box.takes(campus_hub.hears(other, other.report()).batch)

    box.talks(campus_hub)

    assert sorted(box.texts()) == said(["one", "two"])


def test_a_hub_that_was_put_back_gets_its_own_words_again(campus_hub: Hub, followers: Followers) -> None:
    box = followers()
    campus_hub.says("one")
    copy = campus_hub.copied()
    campus_hub.says("two", "three")
    box.talks(campus_hub)

    campus_hub.is_put_back(copy)
    box.talks(campus_hub)

    assert sorted(campus_hub.texts()) == said(["one", "two", "three"])
    assert sorted(box.texts()) == said(["one", "two", "three"])


def test_what_a_hub_said_before_it_heard_what_it_lost_stays_beside_it(campus_hub: Hub, followers: Followers) -> None:
    box, other = followers("lab"), followers("hall")
    campus_hub.says("one")
    copy = campus_hub.copied()
    campus_hub.says("two")
    campus_hub.starts()
    campus_hub.says("three")
    box.talks(campus_hub)

    campus_hub.is_put_back(copy)
    campus_hub.says("four")
    other.talks(campus_hub)
    box.talks(campus_hub)
    campus_hub.says("five")
    for one in (box, other):
        one.talks(campus_hub)

    everything = said(["one", "two", "three", "four", "five"])
    assert sorted(campus_hub.texts()) == everything
    assert [sorted(one.texts()) for one in (box, other)] == [everything, everything]
    assert [len(one.following.standing()) for one in (box, other)] == [1, 1]


def test_a_learner_named_on_both_sides_of_a_restore_reaches_a_new_box(campus_hub: Hub, followers: Followers) -> None:
    """The restored hub draws another key for the learner: what each key salted must verify for ever."""
    box = followers()
    campus_hub.says("one")
    copy = campus_hub.copied()
    campus_hub.says("two", learner="amina")
    box.talks(campus_hub)
    campus_hub.is_put_back(copy)
    campus_hub.says("three", learner="amina")
    box.talks(campus_hub)
    campus_hub.says("four", learner="amina")

    late = followers("late")
    late.talks(campus_hub)

    assert sorted(late.texts()) == said(["one", "two", "three", "four"])


def test_lots_of_restores_lose_and_double_nothing(campus_hub: Hub, followers: Followers) -> None:
    seed = 20261124
    chance = random.Random(seed)
    boxes = [followers(f"box-{number}") for number in range(3)]
    copies, spoken, heard = [campus_hub.copied()], 0, set[str]()
    for _ in range(120):
        match chance.randrange(6):
            case 0 | 1:
                campus_hub.says(f"word-{spoken}")
                spoken += 1
            case 2 | 3:
                chance.choice(boxes).talks(campus_hub)
            case 4:
                copies.append(campus_hub.copied())
            case _:
                campus_hub.is_put_back(chance.choice(copies))
        heard.update(text for box in boxes for text in box.texts())
    for _ in range(2):
        for box in boxes:
            box.talks(campus_hub)
        campus_hub.says(f"last-{spoken}")
        spoken += 1
    for box in boxes:
        box.talks(campus_hub)

    assert heard <= set(campus_hub.texts()), seed
    assert [sorted(box.texts()) for box in boxes] == [sorted(campus_hub.texts())] * 3, seed
    assert [len(box.following.standing()) for box in boxes] == [1, 1, 1], seed


def test_an_erased_learner_is_blanked_at_both_ends_and_every_signature_holds(
    campus_hub: Hub, followers: Followers
) -> None:
    box, late = followers(), followers("late")
    campus_hub.says("amina", learner="amina")
    campus_hub.says("badr", learner="badr")
    copy = campus_hub.copied()
    box.talks(campus_hub)
    with writing(campus_hub.engine) as connection:
        campus_hub.journals.erase(connection, "wadi", "amina")
    box.talks(campus_hub)
    late.talks(campus_hub)

    kept = box.database.read().execute("select body from followed_batch").fetchall()
    events = [event for row in kept for event in opened(row[0], PublicKey(campus_hub.keys.public)).events]
    campus_hub.is_put_back(copy)
    box.talks(campus_hub)

    assert campus_hub.texts() == late.texts() == said(["badr"])
    assert [event.learner for event in events if event.payload and event.learner] == ["badr"]


def test_a_box_that_cannot_follow_is_sent_nothing(campus_hub: Hub, followers: Followers) -> None:
    box = followers()
    campus_hub.says("one")
    mute = Report(box.id, "request", "nonce", (), "", 0, 0, True)

    assert campus_hub.hears(box, mute).batch == b""


def test_a_campus_hears_nothing_of_another(campus_hub: Hub, followers: Followers) -> None:
    box = followers("hill lab", campus="hill")
    campus_hub.says("one", campus="wadi")

    assert box.talks(campus_hub) == 0


def test_what_the_hub_did_not_sign_is_not_taken_back(campus_hub: Hub, followers: Followers) -> None:
    box = followers()
    campus_hub.says("one")
    box.talks(campus_hub)
    forger = KeyPair.from_seed(bytes(32))
    body = box.database.read().execute("select body from followed_batch").fetchone()[0]
    forged = body[:-64] + forger.sign(body[:-64])

    with pytest.raises(Refused, match="did not sign"):
        campus_hub.hears(box, box.report(forged))


def test_what_was_said_to_another_campus_is_not_taken_back(campus_hub: Hub, followers: Followers) -> None:
    box, spy = followers(), followers("spy", campus="hill")
    campus_hub.says("one")
    body = campus_hub.hears(box, box.report()).batch

    with pytest.raises(Refused, match="another campus"):
        campus_hub.hears(spy, spy.report(body))


def test_an_older_database_gets_the_tables(campus_hub: Hub) -> None:
    with writing(campus_hub.engine) as connection:
        for table in reversed(schema.campus_journal._TABLES):
            table.drop(connection)
        schema.campus_journal.create(connection)

    campus_hub.says("one")

    assert campus_hub.texts() == said(["one"])
