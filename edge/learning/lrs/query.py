"""Queries: which statements somebody asks for, and where the next page goes on.

* What is asked for is a handful of facets, bounds and a direction; the page after this one is named by a word that
  holds the same and where to go on. Nothing of a query is kept here.
* Each query walks one index, newest first or oldest first, and stops when its page is full.
* A statement that speaks of another is found by what the other is found by, whole: never half by itself.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace

from catalog.db import Connection
from edge.learning.lrs import actor
from edge.learning.lrs.actor import identity
from edge.learning.lrs.call import Call
from edge.learning.lrs.facets import (
    ACTIVITY,
    AGENT,
    FACET_BYTES,
    REGISTRATION,
    RELATED_ACTIVITY,
    RELATED_AGENT,
    VERB,
    facet,
)
from edge.learning.lrs.literal import is_iri, is_uuid, microseconds_of
from edge.learning.lrs.refusal import malformed
from edge.learning.lrs.text import parsed
from sync.keys import base64url, from_base64url

PAGE_MAX = 100
NUMBER_MAX = (1 << 62) - 1
FILTERS = (
    "agent", "verb", "activity", "registration", "related_activities", "related_agents", "since", "until", "limit",
    "ascending",
)  # fmt: skip
SHOWING = ("format", "attachments")
SINGLE = ("statementId", "voidedStatementId")
MORE = "more"
FORMATS = ("exact", "ids", "canonical")
_HEAD = struct.Struct(">BBBqq")


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for: statements that have all `facets`, stored after `since` and not after `until`."""

    facets: tuple[bytes, ...] = ()
    since: int = 0
    until: int = NUMBER_MAX
    limit: int = PAGE_MAX
    is_ascending: bool = False
    form: str = "exact"
    has_attachments: bool = False

    def word(self) -> str:
        """The query as a word for an address."""
        flags = self.is_ascending | self.has_attachments << 1
        head = _HEAD.pack(flags, FORMATS.index(self.form), self.limit, self.since, self.until)
        return base64url(head + b"".join(self.facets))

    @classmethod
    def of_word(cls, word: str) -> "Query":
        """Raises NotTaken where this is no word of ours."""
        try:
            data = from_base64url(word)
            flags, form, limit, since, until = _HEAD.unpack(data[: _HEAD.size])
            rest = data[_HEAD.size :]
            facets = tuple(rest[at : at + FACET_BYTES] for at in range(0, len(rest), FACET_BYTES))
            is_ours = flags < 4 and 0 < limit <= PAGE_MAX and len(facets) <= 4 and len(rest) % FACET_BYTES == 0
            if is_ours and min(since, until) >= 0:
                return cls(facets, since, until, limit, bool(flags & 1), FORMATS[form], bool(flags & 2))
        except (ValueError, struct.error, IndexError):
            pass
        raise malformed("This is no page that the store named.")

    def after(self, number: int) -> "Query":
        """The query for what comes behind this statement."""
        return replace(self, since=number) if self.is_ascending else replace(self, until=number - 1)


def query_of(call: Call) -> Query:
    """What a request asks for. Raises NotTaken."""
    said = call.parameters
    if MORE in said:
        call.demand_parameters(MORE)
        return Query.of_word(said[MORE])
    call.demand_parameters(*FILTERS, *SHOWING)
    return Query(
        _facets(said),
        since=_moment(said, "since", 0),
        until=min(_moment(said, "until", NUMBER_MAX), NUMBER_MAX),
        limit=_limit(said.get("limit", "0")),
        is_ascending=truth(said, "ascending"),
        form=form_of(said),
        has_attachments=truth(said, "attachments"),
    )


def find(connection: Connection, query: Query, own: tuple[bytes, ...]) -> list[tuple[int, bytes]]:
    """Numbers and payloads, one more than the page holds where there are more.

    With `own` only statements that have these facets themselves, and are found by what they say themselves.
    """
    facets = (*own, *query.facets)
    wanted = dict(zip(_PLACES, facets, strict=False))
    rows = connection.execute(
        _SQL[bool(facets), query.is_ascending],
        {
            **dict.fromkeys(_PLACES), **wanted, "is_own": int(bool(own)), "since": query.since, "until": query.until,
            "most": query.limit + 1,
        },
    )  # fmt: skip
    return [(row["number"], bytes(row["payload"])) for row in rows]


def truth(said: Mapping[str, str], name: str) -> bool:
    """A parameter that is true or false, false where it is not there. Raises NotTaken."""
    value = said.get(name, "false")
    if value not in ("true", "false"):
        raise malformed(f"The parameter {name} is neither true nor false.")
    return value == "true"


def form_of(said: Mapping[str, str]) -> str:
    """How statements should be said. Raises NotTaken."""
    form = said.get("format", "exact")
    if form not in FORMATS:
        raise malformed(f"The parameter format is none of {', '.join(FORMATS)}.")
    return form


def agent_of(text: str) -> Mapping[str, object]:
    """The agent, or group with an identifier, that a parameter names. Raises NotTaken."""
    agent: Mapping[str, object] = parsed(text)
    actor.actor(agent, "The parameter agent")
    if not identity(agent):
        raise malformed("The parameter agent names nobody: it has no identifier.")
    return agent


def _facets(said: Mapping[str, str]) -> tuple[bytes, ...]:
    """The facets of a request, the one first that most likely has the fewest statements."""
    found = []
    if "registration" in said:
        if not is_uuid(said["registration"]):
            raise malformed("The parameter registration is no UUID.")
        found.append(facet(REGISTRATION, said["registration"].lower()))
    is_related = truth(said, "related_agents")
    if "agent" in said:
        found.append(facet(RELATED_AGENT if is_related else AGENT, identity(agent_of(said["agent"]))))
    is_related = truth(said, "related_activities")
    for name, kind in (("activity", RELATED_ACTIVITY if is_related else ACTIVITY), ("verb", VERB)):
        if name in said:
            if not is_iri(said[name]):
                raise malformed(f"The parameter {name} is no absolute IRI.")
            found.append(facet(kind, said[name]))
    return tuple(found)


def _moment(said: Mapping[str, str], name: str, otherwise: int) -> int:
    if name not in said:
        return otherwise
    # A plus in an address is a space: a moment has none, but may have an offset.
    microseconds = microseconds_of(said[name].replace(" ", "+"))
    if microseconds is None:
        raise malformed(f"The parameter {name} is no moment as ISO 8601 writes it.")
    return max(microseconds, 0)


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise malformed("The parameter limit is no whole number.")
    return min(int(text) or PAGE_MAX, PAGE_MAX)


# Put together out of constants alone; every value is a parameter.
_EVENT = """
    join event on event.place = statement.place and event.sequence = statement.sequence and payload is not null
"""
_PLACES = ("first", "second", "third", "fourth", "fifth", "sixth")
"""A query has four facets at most, and a launch two of its own before them."""
_BY_FACET = (
    "select first.number, payload from facet as first join statement on statement.number = first.number"  # noqa: S608
    + _EVENT
    + """
    where first.facet = :first and first.number > :since and first.number <= :until and is_voided = 0
    and (:is_own = 0 or first.source = 0)
    """
    + "".join(
        "and (:place is null or exists (select 1 from facet where facet.facet = :place and facet.number = first.number"
        " and source = first.source)) ".replace(":place", f":{place}")
        for place in _PLACES[1:]
    )
)
_BY_NUMBER = (
    "select statement.number, payload from statement"  # noqa: S608
    + _EVENT
    + "where number > :since and number <= :until and is_voided = 0 "
)
_SQL = {
    (True, False): _BY_FACET + "group by first.number order by first.number desc limit :most",
    (True, True): _BY_FACET + "group by first.number order by first.number limit :most",
    (False, False): _BY_NUMBER + "order by number desc limit :most",
    (False, True): _BY_NUMBER + "order by number limit :most",
}


def single(connection: Connection, name: str, *, is_voided: bool) -> tuple[int, bytes] | None:
    """One statement by its id, voided or not as asked for."""
    row = connection.execute(
        "select number, payload from statement" + _EVENT + "where id = ? and is_voided = ?",  # noqa: S608
        [name, int(is_voided)],
    ).fetchone()
    return (row["number"], bytes(row["payload"])) if row else None


def has_facets(connection: Connection, number: int, wanted: tuple[bytes, ...]) -> bool:
    """Tell whether a statement itself has these facets."""
    names = json.dumps([one.hex().upper() for one in wanted])
    row = connection.execute(
        "select count(*) from facet where number = ? and source = 0 and hex(facet) in (select value from json_each(?))",
        [number, names],
    )
    return int(row.fetchone()[0]) == len(wanted)
