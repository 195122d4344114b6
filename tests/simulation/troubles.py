"""Troubles: what goes wrong with a request between a box and its hub. A new one is one function in this file.

* A trouble is named as the story tells it, and is drawn as often as its weight says; "" is no trouble.
* What happens, happens when its request is made: a trouble whose request never comes is no part of the story.
"""

from collections.abc import Callable
from random import Random

import httpx

from sync.keys import KeyPair
from sync.wire import Answer, Mark, Report
from tests.simulation.box import SimulatedBox
from tests.simulation.script import Trouble
from tests.simulation.world import SimulatedWorld
from tests.stories.disk import Manner
from tests.wire import (
    Ask,
    Body,
    Misfortune,
    arrives_twice,
    cut_at,
    flips_a_byte_at,
    loses_the_reply,
    never_gets_there,
    says,
    signed_by,
)

MANNERS: tuple[Manner, ...] = ("kept", "torn", "lost")
STATEMENTS_MAX = 40
"""More than the hub makes for one report: past the last it dies with the answer on its lips."""
GENEROUS = 999

Make = Callable[[SimulatedWorld, SimulatedBox, Random], Misfortune]

REPORTS: dict[str, tuple[int, Make | None]] = {"": (12, None)}
"""What may happen to a report, with its weight."""
PACKS: dict[str, tuple[int, Make | None]] = {"": (5, None)}
"""What may happen to a pack that is asked for, with its weight."""


def misfortune(world: SimulatedWorld, box: SimulatedBox, trouble: Trouble) -> Misfortune:
    """The trouble as it happens, told when it does."""
    _, make = (REPORTS if trouble.at == "report" else PACKS)[trouble.kind]
    assert make is not None, "no trouble is no misfortune"
    happens = make(world, box, Random(trouble.seed))

    def told(request: httpx.Request, answer: Ask) -> httpx.Response:
        world.tells(f"    {trouble.at} {trouble.number + 1}: {box.name} {trouble.kind}")
        return happens(request, answer)

    return told


def to_report(kind: str, weight: int = 1) -> Callable[[Make], Make]:
    """Register what may happen to a report."""
    return lambda make: REPORTS.setdefault(kind, (weight, make))[1] or make


def to_pack(kind: str, weight: int = 1) -> Callable[[Make], Make]:
    """Register what may happen to a pack."""
    return lambda make: PACKS.setdefault(kind, (weight, make))[1] or make


# ---- reports -----------------------------------------------------------------------------------------------------


@to_report("loses the reply to its report")
def _loses_reply(world: SimulatedWorld, box: SimulatedBox, lot: Random) -> Misfortune:
    return loses_the_reply


@to_report("is heard twice")
def _heard_twice(world: SimulatedWorld, box: SimulatedBox, lot: Random) -> Misfortune:
    return arrives_twice


@to_report("does not reach its hub")
def _unreachable(world: SimulatedWorld, box: SimulatedBox, lot: Random) -> Misfortune:
    return never_gets_there


@to_report("gets its reply cut off")
def _cut_reply(world: SimulatedWorld, box: SimulatedBox, lot: Random) -> Misfortune:
    return _somewhere(lot, cut_at)


@to_report("gets its reply with a wrong bit")
def _wrong_bit_down(world: SimulatedWorld, box: SimulatedBox, lot: Random) -> Misfortune:
    return _somewhere(lot, flips_a_byte_at)


@to_report("is heard with a wrong bit")
def _wrong_bit_up(world: SimulatedWorld, box: SimulatedBox, lot: Random) -> Misfortune:
    share = lot.random()

    def flips(request: httpx.Request, answer: Ask) -> httpx.Response:
        body = bytearray(request.content)
        body[int(share * len(body))] ^= 1
        return answer(httpx.Request(request.method, request.url, headers=request.headers, content=bytes(body)))

    return flips


@to_report("hears what its hub once said before")
def _old_answer(world: SimulatedWorld, box: SimulatedBox, lot: Random) -> Misfortune:
    share = lot.random()

    def replays(request: httpx.Request, answer: Ask) -> httpx.Response:
        former = box.wire.former
        if not former:
            return answer(request)
        reply = former[int(share * len(former))][1]
        return httpx.Response(reply.status_code, headers=reply.headers, stream=Body(_body(reply)))

    return replays


@to_report("has an old report of it played to its hub again")
def _old_report(world: SimulatedWorld, box: SimulatedBox, lot: Random) -> Misfortune:
    share = lot.random()

    def replays(request: httpx.Request, answer: Ask) -> httpx.Response:
        former = box.wire.former
        if former:
            answer(former[int(share * len(former))][0])
        return answer(request)

    return replays


@to_report("is praised for everything by somebody in between")
def _praised(world: SimulatedWorld, box: SimulatedBox, lot: Random) -> Misfortune:
    return signed_by(KeyPair.from_seed(bytes(32)), 200, _generous)


@to_report("meets a page to sign in to the network")
def _captive(world: SimulatedWorld, box: SimulatedBox, lot: Random) -> Misfortune:
    return says(200, b"<html>Welcome to our Wi-Fi!</html>")


@to_report("meets rubbish")
def _rubbish(world: SimulatedWorld, box: SimulatedBox, lot: Random) -> Misfortune:
    return says(200, b"\0rubbish")


@to_report("meets a hub that is busy")
def _busy(world: SimulatedWorld, box: SimulatedBox, lot: Random) -> Misfortune:
    return says(503, b"")


@to_report("meets a hub that dies while it takes the report in", 2)
def _hub_dies_within(world: SimulatedWorld, box: SimulatedBox, lot: Random) -> Misfortune:
    statement = lot.randrange(STATEMENTS_MAX)
    return lambda request, answer: world.hub.dies_at(statement, request, answer)


@to_report("meets a hub that has just been killed and started again")
def _hub_restarted(world: SimulatedWorld, box: SimulatedBox, lot: Random) -> Misfortune:
    def restarted(request: httpx.Request, answer: Ask) -> httpx.Response:
        world.hub.is_killed_and_started_again()
        return answer(request)

    return restarted


@to_report("loses its power before its report is sent")
def _dark_before(world: SimulatedWorld, box: SimulatedBox, lot: Random) -> Misfortune:
    return box.loses_power_before


@to_report("loses its power before it hears the reply")
def _dark_after(world: SimulatedWorld, box: SimulatedBox, lot: Random) -> Misfortune:
    return box.loses_power_after


# ---- packs -------------------------------------------------------------------------------------------------------


@to_pack("has its pack cut off", 3)
def _cut_pack(world: SimulatedWorld, box: SimulatedBox, lot: Random) -> Misfortune:
    return _somewhere(lot, cut_at)


@to_pack("loses its power while the pack comes", 2)
def _dark_in_pack(world: SimulatedWorld, box: SimulatedBox, lot: Random) -> Misfortune:
    manner = lot.choice(MANNERS)
    return _somewhere(lot, lambda place: box.loses_power_at(place, manner))


@to_pack("loses its power before the pack is asked for")
def _dark_before_pack(world: SimulatedWorld, box: SimulatedBox, lot: Random) -> Misfortune:
    return box.loses_power_before


@to_pack("cannot reach the pack")
def _no_pack(world: SimulatedWorld, box: SimulatedBox, lot: Random) -> Misfortune:
    return never_gets_there


@to_pack("gets its pack with a wrong bit")
def _wrong_bit_in_pack(world: SimulatedWorld, box: SimulatedBox, lot: Random) -> Misfortune:
    flips = _somewhere(lot, flips_a_byte_at)

    def flipped(request: httpx.Request, answer: Ask) -> httpx.Response:
        box.excused.add(request.url.path.rpartition("/")[2])  # what is damaged is asked for twice
        return flips(request, answer)

    return flipped


@to_pack("meets a proxy that fails")
def _proxy(world: SimulatedWorld, box: SimulatedBox, lot: Random) -> Misfortune:
    return says(500, b"oops")


@to_pack("meets a hub that dies and comes back with the pack")
def _hub_dies_at_pack(world: SimulatedWorld, box: SimulatedBox, lot: Random) -> Misfortune:
    return _hub_restarted(world, box, lot)


def _somewhere(lot: Random, happens_at: Callable[[int], Misfortune]) -> Misfortune:
    """The same, at any byte of what comes; an answer is as long as it is."""
    share = lot.random()

    def happens(request: httpx.Request, answer: Ask) -> httpx.Response:
        reply = answer(request)
        length = len(_body(reply))
        return happens_at(int(share * length))(request, lambda _: reply) if length else reply

    return happens


def _body(reply: httpx.Response) -> bytes:
    stream = reply.stream
    while not isinstance(stream, Body):
        stream = stream.body  # type: ignore[attr-defined]  # what counts is around what comes
    return stream.data


def _generous(report: Report) -> Answer:
    return Answer(report.request, "forged", [Mark(head.epoch, GENEROUS, GENEROUS) for head in report.heads])
