"""Codes by which a spare box takes the place of a dead one: what the hub keeps, shows and refuses."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from catalog.fault import CallerFault
from sync import adoption
from sync.adoption import ADOPT_PATH, Adopt, Adopted, Code
from sync.enrolment import TokenRefused
from sync.hub import schema
from sync.hub.engine import reading
from sync.hub.hub import Hub
from sync.hub.keeping.adoptions import TRIES_MAX
from sync.keys import KeyPair, base64url
from sync.link import Link, NotTheHub, Reply
from sync.wire import ENROL_PATH, Enrol, MessageRefused, Refusal
from tests.sync.hub.test_pages import Browser
from tests.sync.hub.test_pages import app as app
from tests.sync.hub.test_pages import browser as browser
from tests.sync.hub.test_pages import staff as staff

Box = Any


class Way:
    """A link from a box to the hub's app; whoever stands in between may change what comes back."""

    def __init__(self, box: Box, change: Callable[[bytes, bytes], bytes] = lambda asked, answer: answer) -> None:
        self._box, self._change = box, change
        self.asked: list[bytes] = []

    def exchange(self, path: str, body: bytes, headers: Any) -> Reply:
        self.asked.append(body)
        reply = self._box.posts(path, body)
        data = self._change(body, reply.data) if reply.status_code == 200 else reply.data
        return Reply(reply.status_code, dict(reply.headers), data)


def asks(box: Box, code: str, way: Way | None = None) -> Any:
    link: Link = way or Way(box)  # type: ignore[assignment]
    return adoption.ask(link, box.keys, Code.parse(code), lambda count: bytes(range(count)))


def test_a_box_that_knows_the_code_gets_a_token_of_its_own(hub: Hub, box: Box, new_box: Callable[[], Box]) -> None:
    spare, thief = new_box(), new_box()
    token = asks(spare, hub.adoptions.make(box.id, "Rana").code)

    stolen = thief.posts(ENROL_PATH, Enrol(token.secret, thief.keys.public, "x", "nonce").to_bytes())
    welcome = spare.enrols(token)

    assert "token-used" == Refusal.from_bytes(stolen.data).code
    assert "Wadi" == welcome.campus_name
    assert spare.id == {one.id: one for one in hub.fleet.boxes()}[box.id].replaced_by


def test_of_two_boxes_with_one_code_the_second_is_told_so(hub: Hub, box: Box, new_box: Callable[[], Box]) -> None:
    """Both have talked before either has used its token."""
    first, second = new_box(), new_box()
    code = hub.adoptions.make(box.id, "Rana").code
    one, other = asks(first, code), asks(second, code)

    first.enrols(one)
    late = second.posts(ENROL_PATH, Enrol(other.secret, second.keys.public, "x", "nonce").to_bytes())

    assert "token-used" == Refusal.from_bytes(late.data).code
    assert first.id == {one.id: one for one in hub.fleet.boxes()}[box.id].replaced_by


def test_the_secret_half_never_travels_and_is_not_kept(hub: Hub, box: Box, new_box: Callable[[], Box]) -> None:
    spare = new_box()
    way = Way(spare)
    code = hub.adoptions.make(box.id, "Rana").code

    asks(spare, code, way)

    with reading(hub.engine) as connection:
        kept = str(connection.execute(select(schema.adoption)).all())
    secret = code.partition("-")[2]
    assert [] == [place for place in (*map(str, way.asked), kept) if secret in place]


def test_whoever_plays_the_hub_without_the_code_is_not_believed(hub: Hub, box: Box, new_box: Callable[[], Box]) -> None:
    """They answer with their own key and a code that they guess."""
    spare, code = new_box(), hub.adoptions.make(box.id, "Rana").code
    guessed = Code(code[:5], "CCCCC").proof
    theirs = KeyPair.generate()

    def plays(asked: bytes, answer: bytes) -> bytes:
        said = adoption.answer(guessed, Adopt.from_bytes(asked), asked, "a" * 24, theirs.public, lambda n: b"\7" * n)
        return said.to_bytes()

    with pytest.raises(NotTheHub):
        asks(spare, code, Way(spare, plays))


def test_an_answer_to_another_box_is_not_believed(hub: Hub, box: Box, new_box: Callable[[], Box]) -> None:
    spare, other = new_box(), new_box()
    code = hub.adoptions.make(box.id, "Rana").code
    recorded: list[bytes] = []
    asks(other, code, Way(other, lambda asked, answer: recorded.append(answer) or answer))

    with pytest.raises(NotTheHub):
        asks(spare, code, Way(spare, lambda asked, answer: recorded[0]))


@pytest.mark.parametrize(
    "harm",
    [lambda data: data[:-4], lambda data: b"{}", lambda data: b"\xff" * 20],
    ids=["cut off", "empty", "rubbish"],
)
def test_an_answer_that_was_damaged_is_refused(
    hub: Hub, box: Box, new_box: Callable[[], Box], harm: Callable[[bytes], bytes]
) -> None:
    spare, code = new_box(), hub.adoptions.make(box.id, "Rana").code

    with pytest.raises((MessageRefused, NotTheHub)):
        asks(spare, code, Way(spare, lambda asked, answer: harm(answer)))


@pytest.mark.parametrize("turn", [bytes(33), b"A" + b"\xff" * 32, b"B" + bytes(32), b"A" + b"\1" + bytes(31)])
def test_a_turn_that_is_none_is_refused(hub: Hub, box: Box, new_box: Callable[[], Box], turn: bytes) -> None:
    spare, code = new_box(), hub.adoptions.make(box.id, "Rana").code

    reply = spare.posts(ADOPT_PATH, Adopt(code[:5], spare.keys.public, turn, base64url(b"nonce")).to_bytes())

    assert (400, "message") == (reply.status_code, Refusal.from_bytes(reply.data).code)


def test_it_is_signed_by_the_key_that_it_names(hub: Hub, box: Box, new_box: Callable[[], Box]) -> None:
    spare, thief = new_box(), new_box()
    code = hub.adoptions.make(box.id, "Rana").code
    ask = Adopt(code[:5], spare.keys.public, b"A" + bytes(32), base64url(b"nonce")).to_bytes()

    assert "signature" == Refusal.from_bytes(thief.posts(ADOPT_PATH, ask, keys=thief.keys, keyid=spare.id).data).code


def test_a_code_bears_a_few_tries_only(hub: Hub, box: Box, new_box: Callable[[], Box]) -> None:
    spare, code = new_box(), hub.adoptions.make(box.id, "Rana").code
    wrong = f"{code[:6]}{'CCCCC' if code[6:] != 'CCCCC' else 'DDDDD'}"
    for _ in range(TRIES_MAX):
        with pytest.raises(NotTheHub):
            asks(spare, wrong)

    with pytest.raises(TokenRefused):
        asks(spare, code)


def test_messages_are_written_one_way() -> None:
    ask = Adopt("KMTRD", KeyPair.from_seed(bytes(32)).public, bytes(33), "bm9uY2U")
    answer = Adopted(bytes(33), b"sealed")

    assert (ask, answer) == (Adopt.from_bytes(ask.to_bytes()), Adopted.from_bytes(answer.to_bytes()))


@pytest.mark.parametrize("typed", ["", "KMTRD", "KMTRD-XWPCFF", "KMTRA-XWPCF", "KMTRD-XWPC1"])
def test_a_code_that_is_none_is_said_before_anything_is_asked(typed: str) -> None:
    with pytest.raises(TokenRefused, match="ten letters"):
        Code.parse(typed)


def test_staff_see_the_code_once_and_the_log_has_who_made_it(hub: Hub, box: Box, staff: Browser) -> None:
    campus = hub.fleet.campuses()[0].id

    shown = staff.sends(f"/boxes/{box.id}/adoption", page=f"/campuses/{campus}").text

    with reading(hub.engine) as connection:
        (place,) = connection.execute(select(schema.adoption.c.place)).scalars()
    assert f">{place}-" in shown
    assert f"{place}-" not in staff.reads(f"/campuses/{campus}")
    (line,) = hub.keeping.audit.lines()
    assert ("Rana", "adoption-code", {"box": box.id}) == (line.who, line.act, line.about)


def test_a_box_that_is_none_has_no_code(hub: Hub) -> None:
    with pytest.raises(CallerFault, match="no such box"):
        hub.adoptions.make("nobody", "Rana")
