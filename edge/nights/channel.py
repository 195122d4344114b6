"""The channel: one session with the hub, put together and kept within the budget.

* Every byte that crosses is in the ledger before it moves, whoever asked for the session.
* What others send over the metered interface is looked up before a session, so that it starts from the truth.
* A budget that is spent, or a window that closed, is no failure: what has to wait is said, and the night counts.
* Loaded when the first session begins: the pages need none of it.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import TYPE_CHECKING

from catalog.fault import Fault
from edge.nights.nightly import Chance, Listener, Told, failed
from edge.nights.outlook import goes_on
from sync.budget.allowance import lent
from sync.budget.due import Lanes
from sync.budget.windows import is_any_open, local_minute
from sync.clock import TRUSTED_SINCE_SECONDS
from sync.keys import PublicKey
from sync.link import Link
from sync.links.metered import BudgetSpent, MeteredLink, Terms, WindowClosed
from sync.patch.jpeg import JpegXl
from sync.session import Outcome, Session

if TYPE_CHECKING:
    from edge.box import Box


def run(box: "Box", chance: Chance, listener: Listener) -> Told:
    """Talk to the hub within what this chance allows.

    Raises Fault where it ends before anything could move.
    """
    hub = box.hub
    assert hub is not None, "a box without a hub has no sessions"
    box.ledger.observe()
    terms = terms_of(box, chance)
    with ExitStack() as stack:
        link = stack.enter_context(metered(box, stack.enter_context(box.open_link(hub.address)), terms, chance))
        near = stack.enter_context(neighbours(box, chance))
        talk = session(box, link, PublicKey(hub.hub_key), listener, near)
        try:
            outcome = talk.run(chance.lanes)
        except (BudgetSpent, WindowClosed) as spent:
            return Told("short", spent.sentence, spent.hint, link.moved)
        except Fault as fault:
            return failed(fault, link.moved)
        finally:
            if talk.refused:
                box.watch.session_ended(talk.refused)
    box.ledger.observe()
    if outcome.hub_seconds >= TRUSTED_SINCE_SECONDS and not box.clock.now().is_trusted:
        box.clock.correct(outcome.hub_seconds)
    if not talk.refused:
        box.watch.session_ended(())
    box.watch.hear_time(outcome.hub_seconds)
    return told(outcome)


def session(box: "Box", link: Link, hub: PublicKey, listener: Listener, neighbours: Sequence[Link] = ()) -> Session:
    """A session of this box over a link, with links to boxes near by."""
    return Session(
        box.database,
        box.journal,
        box.store,
        box.releases,
        box.shelf,
        box.spool,
        link,
        box.keys,
        hub,
        box.clock,
        box.random_bytes,
        listener,
        box.people.forget,
        following=box.following,
        catalogues=box.catalogues,
        neighbours=neighbours,
        jpeg_xl=JpegXl.find(),
        is_wanted=box.config.wants_layer,
        hardware=box.renewal.said(),
        renew=box.renewal.hear,
    )


def neighbours(box: "Box", chance: Chance) -> AbstractContextManager[Sequence[Link]]:
    """Links to boxes near by, where courses may come and the settings allow it: their bytes are not metered."""
    if chance.lanes is Lanes.ALL and box.config.neighbours:
        return box.neighbours.links()
    return nullcontext(())


def metered(box: "Box", way: Link, terms: Terms, chance: Chance) -> MeteredLink:
    """The link whose bytes the ledger counts."""
    return MeteredLink(way, box.clock, terms, lambda size: box.ledger.book(size, is_lent=bool(chance.lend_bytes)))


def terms_of(box: "Box", chance: Chance) -> Terms:
    """What the budget allows a session that has this chance."""
    config = box.config

    def is_open() -> bool:
        return not chance.ends_with_window or is_any_open(
            config.windows, local_minute(box.clock.now().wall_seconds, config.zone)
        )

    return Terms(
        lent(chance.lend_bytes) if chance.lend_bytes else box.ledger.allowance(),
        config.budget.rate_bytes,
        is_open,
        goes_on(box),
    )


def told(outcome: Outcome) -> Told:
    """How a session went, for its night's row."""
    fault = outcome.faults[0] if outcome.faults else None
    return Told(
        "short" if fault else "well",
        fault.sentence if fault else "",
        fault.hint if fault else "",
        outcome.traffic,
        outcome.events_up,
        outcome.shelved,
        outcome.wait_seconds,
    )
