"""Carrying: what a box does with a stick, or with a file that a phone brought.

* Content comes down and sealed progress goes up; nothing else ever does: no code, no settings, no people.
* What the hub says is believed first, so that the letter home is short; the letter home goes next, before the packs,
  so that a stick that is pulled early has it. Then packs, in the order of the plan, as far as they are on the stick.
* A pack that is not what the hub listed is taken off the stick, so that the hub writes it anew; the others go on.
* A stick of another hub is not touched. One visit at a time, and none while a session runs.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from catalog.digest import Hasher
from catalog.fault import CallerFault, ContentFault, Damaged, DiskFull, Fault
from edge.carrying import enclosed
from edge.carrying.letters import BoxLetters, Home, Standing
from sync.carry.carrier import (
    Carrier,
    Listed,
    StickBroken,
    down_name,
    down_names,
    parts_of,
    pieces_of,
    read_whole,
    up_name,
)
from sync.carry.letter import LETTER_BYTES_MAX, Down, LetterRefused, OtherHub, other_hub, peek_down, read_down
from sync.carry.stick import Stick
from sync.exchange import NotEnrolled
from sync.keys import PublicKey
from sync.links.folder import FolderLink
from sync.parcel import Parcel
from sync.routes import Route, rest_of, routes_of

if TYPE_CHECKING:
    from edge.box import Box

Listener = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Visit:
    """How a visit of a stick or a phone went. `faults` are what could not be done, and why."""

    standing: Standing | None
    """What its letter was to this box; None where it brought none."""
    courses: tuple[str, ...]
    """Courses of which something new is on the shelf."""
    home: Home | None
    """The letter that was put on the stick; None where nothing could be."""
    left: tuple[Parcel, ...]
    """What the hub planned and the stick did not have."""
    faults: tuple[Fault, ...]

    @property
    def left_bytes(self) -> int:
        return sum(parcel.size_bytes for parcel in self.left)


class NothingForUs(CallerFault):
    """The stick is our hub's, and has nothing for this box, or nothing that is newer than what came before."""


class Carrying:
    """A box's side of sticks and phones."""

    def __init__(self, box: "Box") -> None:
        self._box = box
        self._letters = BoxLetters(box)

    def visit(self, carrier: Carrier, listener: Listener, stick: Stick | None = None) -> Visit:
        """Take in what was carried here; give the letter home to `stick`, where there is one to write to.

        Raises NotEnrolled, AtWork, LetterRefused where it is another hub's, StickBroken where it was taken out.
        """
        hub = self._hub_key()
        with self._box.nightly.alone(listener) as told:
            faults: list[Fault] = []
            courses: tuple[str, ...] = ()
            left: tuple[Parcel, ...] = ()
            letter = self._letter(carrier, hub, faults)
            found = None if letter is None else self._letters.believe(letter)
            if letter is not None and found is not Standing.OLD:
                # Before the courses: the signed catalogue says which of them may come.
                faults += enclosed.take_in(self._box, letter, carrier, hub)
            home = self._give(stick, faults)
            if letter is None:
                return Visit(found, courses, home, left, tuple(faults))
            if found is Standing.OLD:
                return Visit(found, courses, home, left, (*faults, _older()))
            courses, left = self._receive(letter, carrier, hub, told, faults)
            try:
                self._take_off_damaged(letter, carrier, stick, faults)
            except StickBroken as fault:
                faults.append(fault)
            # The shelf is newer now: the hub should hear of it with this very stick.
            return Visit(found, courses, self._give(stick, faults) if courses else home, left, tuple(faults))

    def home(self) -> Home:
        """The letter home, sealed and up to date, for whoever takes it along.

        Raises NotEnrolled, DiskFull, BoxFault.
        """
        self._hub_key()
        return self._letters.home()

    def is_from_our_hub(self, carrier: Carrier) -> bool:
        """Tell whether a letter lies there that our hub has signed, whichever box it is for."""
        hub = self._hub_key()
        for name in down_names(carrier.files()):
            try:
                read_down(read_whole(carrier, name, LETTER_BYTES_MAX), hub)
            except LetterRefused:
                continue
            return True
        return False

    def _hub_key(self) -> PublicKey:
        hub = self._box.hub
        if hub is None:
            raise NotEnrolled(
                "This box belongs to no hub yet, so that it cannot tell whose stick this is.",
                "Enrol it once over any link, a phone's hotspot will do: `qanat box enrol --hub URL`.",
            )
        return PublicKey(hub.hub_key)

    def _letter(self, carrier: Carrier, hub: PublicKey, faults: list[Fault]) -> Down | None:
        """The hub's letter to this box, proven; None where there is none, which is said unless the stick is blank.

        Raises OtherHub where all that lies there is another hub's.
        """
        files = carrier.files()
        own = down_name(self._box.id)
        try:
            if own in files:
                return self._addressed(read_down(read_whole(carrier, own, LETTER_BYTES_MAX), hub))
        except OtherHub:
            raise
        except LetterRefused as refused:
            faults.append(refused)
            return None
        others = _peeked(carrier, down_names(files))
        if others and all(other.hub != hub.text for other in others):
            raise other_hub()
        if others:
            faults.append(self._nothing_for_us(others))
        return None

    def _addressed(self, letter: Down) -> Down:
        if letter.box != self._box.id:
            raise LetterRefused(
                "A letter on the stick is for another box than its name says.",
                "Nothing was taken from it. Have the hub write the stick again.",
            )
        return letter

    def _nothing_for_us(self, others: list[Down]) -> NothingForUs:
        hub = self._box.hub
        if hub is not None and any(other.campus == hub.campus for other in others):
            return NothingForUs(
                "The stick was written for this campus before this box joined it.",
                "Take it back to the hub: the box's letter is on it, and courses come the next time.",
            )
        return NothingForUs(
            "The stick was written for another campus, and brings nothing for this box.",
            "Pass it on. Your own comes from the hub: `qanat hub carry` with the name of this campus.",
        )

    def _give(self, stick: Stick | None, faults: list[Fault]) -> Home | None:
        """Put the letter home on the stick, unless it is there. A stick that is locked or full still brings courses."""
        if stick is None:
            return None
        home, name = self._letters.home(), up_name(self._box.id)
        try:
            if stick.files().get(name) != home.size_bytes or not _is_same(stick, name, home):
                stick.write_from(name, home.path)
        except (StickBroken, DiskFull) as fault:
            faults.append(fault)
            return None
        return home

    def _receive(
        self, letter: Down, carrier: Carrier, hub: PublicKey, listener: Listener, faults: list[Fault]
    ) -> tuple[tuple[str, ...], tuple[Parcel, ...]]:
        """Shelve what the letter's plan names and the carrier has whole. Returns the courses, and what is left."""
        from edge.nights import channel

        link = FolderLink(carrier, letter.listed())
        here: list[Parcel] = []
        left: list[Parcel] = []
        for route in self._lacking(letter.answer.plan):
            if all(link.has(parcel.pack) for parcel in route) and self._are_sound(route, letter, carrier, faults):
                here += route
            else:
                left += [parcel for parcel in route if not link.has(parcel.pack)]
        if not here:
            return (), tuple(left)
        outcome = channel.session(self._box, link, hub, listener).receive(list(dict.fromkeys(here)))
        faults += outcome.faults
        return outcome.shelved, tuple(left)

    def _lacking(self, plan: Sequence[Parcel]) -> list[Route]:
        """What of the plan's routes this box wants and has not."""
        wanted = [parcel for parcel in plan if self._box.config.wants_layer(parcel.layer)]
        held = self._box.wants.held(wanted)
        rests = [rest_of(route, held) for route in routes_of(wanted)]
        return [route for route in rests if route]

    def _are_sound(self, route: Route, letter: Down, carrier: Carrier, faults: list[Fault]) -> bool:
        """Tell whether the patches of a route are what the hub listed.

        A full pack is told by its root as it is unpacked. A patch that fails would put its base in doubt: it is small,
        and so it is read once more before.
        """
        listed = letter.listed()
        for parcel in route:
            if parcel.from_root is not None and _digest(carrier, listed[parcel.pack]) != listed[parcel.pack].digest:
                faults.append(
                    Damaged(
                        f"A pack of {parcel.course} on the stick is not what the hub wrote.",
                        "It was taken off the stick; have the hub write the stick again. The other courses came.",
                    )
                )
                return False
        return True

    def _take_off_damaged(self, letter: Down, carrier: Carrier, stick: Stick | None, faults: list[Fault]) -> None:
        """Where something was refused: find out whether the stick is to blame, and make room for a good one."""
        if stick is None or not any(isinstance(fault, ContentFault) for fault in faults):
            return
        listed, link = letter.listed(), FolderLink(carrier, letter.listed())
        packs = {parcel.pack for route in self._lacking(letter.answer.plan) for parcel in route}
        for pack in sorted(packs):
            if link.has(pack) and _digest(carrier, listed[pack]) != listed[pack].digest:
                for part in parts_of(listed[pack]):
                    stick.remove(part.name)


def _peeked(carrier: Carrier, names: Sequence[str]) -> list[Down]:
    """What the letters say of themselves, as far as they can be read."""
    peeked = []
    for name in names:
        with contextlib.suppress(LetterRefused):
            peeked.append(peek_down(read_whole(carrier, name, LETTER_BYTES_MAX)))
    return peeked


def _is_same(stick: Stick, name: str, home: Home) -> bool:
    with home.path.open("rb") as file:
        return read_whole(stick, name, home.size_bytes) == file.read()


def _digest(carrier: Carrier, listed: Listed) -> str:
    hasher = Hasher()
    for piece in pieces_of(carrier, listed):
        hasher.update(piece)
    return hasher.digest()


def _older() -> NothingForUs:
    return NothingForUs(
        "This stick is older than one that was here already: nothing of it was taken.",
        "Take it back to the hub to have it written again; the box's letter is on it.",
    )
