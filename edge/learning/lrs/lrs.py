"""The learning record store, put together: one call in, one answer out, whoever asks and whichever server is between.

* `answer` decides; what must be written first is in the answer, for the server to have done and lasting before it says
  anything. `do` and `store` do both at once, for callers within the box.
* Every answer states its version of xAPI, and up to when it knows everything that was stored.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from catalog.db import Connection, Database
from catalog.fault import Fault
from edge.learning.lrs.actor import Agent, identity
from edge.learning.lrs.attachments import Attachments
from edge.learning.lrs.call import JSON, Answer, Call, Work
from edge.learning.lrs.credentials import Credentials
from edge.learning.lrs.documents import Documents
from edge.learning.lrs.flights import Flights
from edge.learning.lrs.literal import moment_of
from edge.learning.lrs.owners import Owners
from edge.learning.lrs.pace import Pace
from edge.learning.lrs.refusal import NotTaken
from edge.learning.lrs.resources import RESOURCES
from edge.learning.lrs.rights import Rights
from edge.learning.lrs.statements import Statements
from edge.learning.lrs.text import canonical_text
from edge.learning.lrs.versions import HEADER, Spoken, Version
from edge.people.people import NobodyThere
from sync.clock import Clock
from sync.journal import Journal
from sync.web.lasting import write_then_answer

CONSISTENT_HEADER = "X-Experience-API-Consistent-Through"
PRUNED_AT_ONCE = 200
LANGUAGES_MAX = 16


class Lrs:
    """One box's learning record store."""

    def __init__(
        self, database: Database, journal: Journal, clock: Clock, random_bytes: Callable[[int], bytes], data: Path
    ) -> None:
        self.database = database
        self._journal = journal
        self.random_bytes = random_bytes
        self.credentials = Credentials(database, clock, random_bytes)
        self.attachments = Attachments(database, data)
        self.owners = Owners(database, random_bytes)
        self.documents = Documents(database, self.owners, clock)
        self.statements = Statements(journal, self.owners, self.attachments, clock)
        self.flights = Flights(clock)
        self._clock = clock
        self._pace = Pace()
        self._spoken = Spoken()

    def answer(self, call: Call, rights: Rights) -> Answer:
        """What to say to a call, and what to write before it is said. Raises NotTaken, BoxFault."""
        resource, methods = RESOURCES[call.resource]
        known_ms = self.flights.known_ms()
        version = Version.FIRST
        if call.resource != "about":
            version = call.version
            self._spoken.note(rights.caller, version)
        if ("GET" if call.method == "HEAD" else call.method) not in methods:
            raise NotTaken(405, f"This resource knows {', '.join(methods)} only.")
        if rights.scope and call.method in ("PUT", "POST"):
            who = identity(rights.agent) if rights.agent else rights.caller
            self._pace.demand(who, len(call.body), self._clock.now().monotonic_seconds)
        answer = resource(self, call, rights)
        return replace(answer, headers={**answer.headers, **self._stated(version, known_ms)})

    def refusal(self, fault: Fault, status: int, caller: str = "") -> Answer:
        """How a fault is told to a tool."""
        body = canonical_text({"error": fault.sentence, "hint": fault.hint}).encode()
        headers = {"Content-Type": JSON, **self._stated(self._spoken.last(caller), self.flights.known_ms())}
        if status == 401:
            headers["WWW-Authenticate"] = 'Basic realm="xAPI", charset="UTF-8"'
        return Answer(status, headers, body)

    def write(self, work: Work) -> None:
        """Have this written before the answer of this request is sent; it is under way until then."""
        self.flights.track(lambda one: write_then_answer(self.database, one), work)

    def do(self, call: Call, rights: Rights) -> Answer:
        """Answer a call from within the box; what it writes is lasting once this returns. Raises NotTaken, BoxFault."""
        answer = self.answer(call, rights)
        if answer.work is not None:
            self.flights.track(self.database.post, answer.work).result()
        return answer

    def store(self, statements: Sequence[Mapping[str, Any]], rights: Rights) -> None:
        """Store statements of version 1.0.3 that the box itself makes, lasting once this returns. Raises NotTaken."""
        body = canonical_text(list(statements)).encode()
        headers = {"content-type": JSON, HEADER.lower(): Version.FIRST.value}
        self.do(Call("POST", "statements", {}, headers, body), rights)

    def languages(self, call: Call) -> list[str]:
        """The languages that a caller would have, the dearest first."""
        from werkzeug.datastructures import LanguageAccept
        from werkzeug.http import parse_accept_header

        accepted = parse_accept_header(call.headers.get("accept-language", ""), LanguageAccept)
        return [tag for tag, _ in accepted][:LANGUAGES_MAX]

    def forget(self, connection: Connection, learner: str) -> None:
        """Remove everything of an erased learner or outsider, and of the companies they were in.

        It runs in the transaction that erases them.
        """
        for company in self.owners.companies(connection, learner):
            self._journal.erase(connection, company)
            self._forget_owner(connection, company)
        self._forget_owner(connection, learner)
        self.documents.forget(connection, learner)

    def erase_outsider(self, agent: Agent) -> str:
        """Forget somebody who is no learner here, for ever, as a learner is erased. Returns the id that stood for them.

        Raises NobodyThere.
        """
        owner = self.owners.find_outsider(agent)
        if not owner:
            raise NobodyThere("Nothing is known here of such an agent.", "Write it as the statements have it.")

        def work(connection: Connection) -> None:
            self._journal.erase(connection, owner)
            self.forget(connection, owner)

        self.database.write(work)
        return owner

    def prune(self) -> int:
        """Let go of statements whose events the journal has pruned, a few at a time. Returns how many went."""

        def work(connection: Connection) -> int:
            numbers = self.statements.pruned(connection, PRUNED_AT_ONCE)
            self.statements.forget(connection, numbers)
            return len(numbers)

        return self.database.write(work)

    def new_uuid(self) -> str:
        return str(uuid.UUID(bytes=self.random_bytes(16), version=4))

    def _forget_owner(self, connection: Connection, owner: str) -> None:
        self.statements.forget(connection, self.statements.of_owner(connection, owner))
        self.owners.forget(connection, owner)

    def _stated(self, version: Version, known_ms: int) -> Mapping[str, str]:
        return {HEADER: version.value, CONSISTENT_HEADER: moment_of(known_ms * 1000)}
