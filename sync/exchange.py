"""The exchange: one box's talk with its hub, a thread that neither a power cut nor a lost reply cuts.

* The next nonce comes only from what the hub signed; a report uses it once.
* A report is lasting here before its first byte is sent. Until its answer is believed, the same bytes are sent again:
  so the hub sees the same request, and gives the same answer.
* What an answer changes (marks, nonce, what the hub knows of the shelf) commits with the end of its report.
* Whatever is not signed by the pinned hub over the report's nonce changes nothing, a refusal as little as an answer.
* The signing is loaded when it is first needed: a box serves its pages before it talks to anybody.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlite_utils.migrations import Migrations

from catalog.db import Connection, Database
from catalog.fault import CallerFault, LinkFault
from sync.clock import Clock
from sync.keys import KeyPair, PublicKey, base64url, box_id
from sync.link import HubBusy, Link, LinkBroken, NotTheHub, Reply, retry_after_seconds
from sync.retry import pause_seconds
from sync.wire import SESSION_PATH, Answer, MessageRefused, Refusal, Report, version_fault

REQUEST_BYTES = 12
TRIES_MAX = 3
STATUS_SERVED = 200

migrations = Migrations("sync.exchange")


@migrations()
def exchange(connection: Connection) -> None:
    """`told_shelf`: the digest of the holdings that the hub took last; "" when it should be told again."""
    connection.execute(
        """
        create table exchange (
            only integer primary key check (only = 1),
            nonce text not null,
            told_shelf text not null default '',
            pending blob
        ) strict
        """
    )


class NotEnrolled(CallerFault):
    """The box belongs to no hub yet."""


class HubRefused(LinkFault):
    """The hub itself said no to a report; `code` is the wire's word for why."""

    def __init__(self, code: str, sentence: str, hint: str = "") -> None:
        super().__init__(sentence, hint)
        self.code = code


@dataclass(frozen=True, slots=True)
class Thread:
    """Where the talk stands: the next nonce, what the hub knows of our shelf, the report that it has not answered."""

    nonce: str
    told_shelf: str
    pending: bytes | None


class Exchange:
    """The box's side of the talk. `compose` and `believe` are the caller's: what to say, and what an answer changes."""

    def __init__(
        self, database: Database, link: Link, keys: KeyPair, hub: PublicKey, clock: Clock,
        random_bytes: Callable[[int], bytes],
    ) -> None:  # fmt: skip
        self._database = database
        self._link = link
        self._keys = keys
        self._hub = hub
        self._clock = clock
        self._random_bytes = random_bytes
        self.refused: list[str] = []
        """The hub's own refusals so far, by the wire's words: a lost thread is picked up, and still tells something."""

    def settle(self, believe: Callable[[Connection, Report, Answer], None]) -> None:
        """Hear the answer to the report that a former session was cut off at, if there is one.

        Raises LinkFault.
        """
        pending = self._thread().pending
        if pending is not None:
            try:
                self._heard(pending, believe)
            except HubRefused as refused:
                # The hub did not take it, and said so: what it carried goes into the next report.
                if refused.code == "busy":
                    raise

    def ask(
        self,
        compose: Callable[[Thread, str], Report],
        believe: Callable[[Connection, Report, Answer], None],
    ) -> Answer:
        """Send one report and hear its answer. `compose` gets where the talk stands, and the report's id.

        Raises LinkFault; HubRefused where the hub said no.
        """
        try:
            return self._heard(self._held(compose), believe)
        except HubRefused as refused:
            if refused.code != "nonce":
                raise
        # The thread was lost (a restored hub, a restored card); the hub has just handed us its end.
        return self._heard(self._held(compose), believe)

    def _held(self, compose: Callable[[Thread, str], Report]) -> bytes:
        """A new report, lasting before it is sent."""
        report = compose(self._thread(), base64url(self._random_bytes(REQUEST_BYTES)))
        body = report.to_bytes()
        self._database.write(
            lambda connection: connection.execute("update exchange set pending = ? where only = 1", [body])
        )
        return body

    def _heard(self, body: bytes, believe: Callable[[Connection, Report, Answer], None]) -> Answer:
        from sync import signing

        report = Report.from_bytes(body)
        reply = self._sent(body)
        if reply.status != STATUS_SERVED:
            raise self._refusal(reply, report)
        signing.verify_answer(reply.status, reply.headers, reply.body, self._hub, report.nonce)
        answer = Answer.from_bytes(reply.body)
        too_old = version_fault(answer.version)
        if too_old is not None:
            raise too_old
        if answer.request != report.request:
            raise MessageRefused("The hub answered another report than this one.", "Sync again.")

        def commit(connection: Connection) -> None:
            believe(connection, report, answer)
            told_shelf = "" if answer.wants_holdings else report.shelf
            connection.execute(
                "update exchange set nonce = ?, told_shelf = ?, pending = null where only = 1",
                [answer.nonce, told_shelf],
            )

        self._database.write(commit)
        return answer

    def _sent(self, body: bytes) -> Reply:
        """The reply to these bytes; a link that broke meanwhile is tried again, with the same bytes."""
        from sync import signing

        headers = signing.sign_request("POST", SESSION_PATH, body, self._keys, box_id(self._keys.public))
        for tried in range(1, TRIES_MAX):
            try:
                return self._link.exchange(SESSION_PATH, body, headers)
            except LinkBroken:
                self._clock.wait(pause_seconds(tried, self._random_bytes))
        return self._link.exchange(SESSION_PATH, body, headers)

    def _refusal(self, reply: Reply, report: Report) -> LinkFault:
        """What the hub's no means; what it changes is committed. Raises SignatureRefused where it is not the hub's."""
        from sync import signing

        refusal = self._read(reply)
        try:
            signing.verify_answer(reply.status, reply.headers, reply.body, self._hub, report.nonce)
        except signing.SignatureRefused as fault:
            raise NotTheHub(
                f"The hub's address said no, without the hub's signature: {refusal.sentence}", refusal.hint
            ) from fault
        if refusal.code == "busy":
            return HubBusy(refusal.sentence, refusal.hint, retry_after_seconds(reply.headers, self._clock.now()))
        self._database.write(
            lambda connection: connection.execute(
                "update exchange set nonce = ?, told_shelf = '', pending = null where only = 1",
                [refusal.nonce or report.nonce],
            )
        )
        self.refused.append(refusal.code)
        return HubRefused(refusal.code, refusal.sentence, refusal.hint)

    def _read(self, reply: Reply) -> Refusal:
        try:
            return Refusal.from_bytes(reply.body)
        except MessageRefused as fault:
            raise NotTheHub(
                f"What answers at the hub's address (status {reply.status}) does not speak as a hub.",
                "Check the hub's address.",
            ) from fault

    def _thread(self) -> Thread:
        row = self._database.read().execute("select nonce, told_shelf, pending from exchange where only = 1").fetchone()
        if row is None:
            raise NotEnrolled("This box belongs to no hub yet.", "Enrol it: `qanat box enrol --hub URL`.")
        return Thread(*row)


def begin(connection: Connection, nonce: str) -> None:
    """Begin the talk anew, at enrolment."""
    connection.execute(
        "insert into exchange (only, nonce) values (1, ?)"
        " on conflict (only) do update set nonce = excluded.nonce, told_shelf = '', pending = null",
        [nonce],
    )


def nonce_now(connection: Connection) -> str:
    """The nonce of the next report: it changes with every answer that is believed. "" before enrolment."""
    row = connection.execute("select nonce from exchange where only = 1").fetchone()
    return str(row["nonce"]) if row else ""
