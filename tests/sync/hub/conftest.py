"""Hubs and boxes for the hub's tests: real ones, without sockets; PostgreSQL is a real server."""

import os
import pwd
import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text
from werkzeug.test import TestResponse

from catalog.db import Database
from catalog.manifest import Release
from sync import journal as journal_
from sync.clock import Moment
from sync.enrolment import Token
from sync.hub.app import create_app
from sync.hub.hub import Hub
from sync.journal import Journal
from sync.keys import KeyPair, PublicKey, base64url, box_id
from sync.signing import sign_request, verify_answer
from sync.wire import CAN_PATCH, ENROL_PATH, SESSION_PATH, Answer, Enrol, Holding, Report, Welcome, shelf_digest
from tests.sync.hub.courses import record

NOON_SECONDS = 1_790_000_000
POSTGRES = Path("/usr/lib/postgresql")


class HandClock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.wall_seconds = NOON_SECONDS
        self.monotonic_seconds = 0.0

    def now(self) -> Moment:
        return Moment(self.wall_seconds, self.monotonic_seconds, True)

    def wait(self, seconds: float) -> None:
        self.passes(seconds)

    def passes(self, seconds: float) -> None:
        self.wall_seconds += int(seconds)
        self.monotonic_seconds += seconds


class CampusBox:
    """A box with a real key and a real journal, which talks to the hub's real app."""

    def __init__(
        self, folder: Path, clock: HandClock, random_bytes: Callable[[int], bytes], client: FlaskClient
    ) -> None:
        self.keys = KeyPair.from_seed(random_bytes(32))
        self.id = box_id(self.keys.public)
        self.database = Database(folder / "box.db", [journal_.migrations])
        self.journal = Journal(self.database, self.id, clock, random_bytes)
        self.journal.open_epoch()
        self.nonce = ""
        self.hub_key = ""
        self.holdings: tuple[Holding, ...] = ()
        self.can: tuple[str, ...] = (CAN_PATCH,)
        self._random_bytes = random_bytes
        self._client = client

    def enrols(self, token: Token, name: str = "Lab") -> Welcome:
        ask = Enrol(token.secret, self.keys.public, name, self.name())
        answer = self.posts(ENROL_PATH, ask.to_bytes())
        assert answer.status_code == 200, answer.data
        verify_answer(200, dict(answer.headers), answer.data, PublicKey(_key_in(answer.data)), ask.nonce)
        welcome = Welcome.from_bytes(answer.data)
        self.nonce, self.hub_key = welcome.nonce, welcome.hub_key
        return welcome

    def writes(self, kind: str, learner: str = "", **payload: object) -> None:
        named = {name.removesuffix("_"): value for name, value in payload.items()}
        self.database.write(lambda connection: self.journal.append(connection, kind, learner, named))

    def erases(self, learner: str) -> None:
        self.database.write(lambda connection: self.journal.erase(connection, learner))

    def report(self, batch: bytes | None = None) -> Report:
        """The next report, with all that the hub lacks; or with this batch."""
        found = self.journal.next_batch()
        unsent = b"" if found is None else found[1]
        return Report(
            box=self.id,
            request=self.name(),
            nonce=self.nonce,
            heads=self.journal.heads(),
            shelf=shelf_digest(self.holdings),
            free_bytes=5_000_000_000,
            wall_seconds=NOON_SECONDS,
            is_clock_trusted=True,
            holdings=self.holdings,
            batch=unsent if batch is None else batch,
            can=self.can,
        )

    def sends(self, report: Report | None = None) -> Answer:
        """One whole exchange: the report up, the signed answer believed."""
        said = report or self.report()
        return self.believes(said, self.posts(SESSION_PATH, said.to_bytes()))

    def believes(self, report: Report, reply: TestResponse) -> Answer:
        assert reply.status_code == 200, reply.data
        verify_answer(200, dict(reply.headers), reply.data, PublicKey(self.hub_key), report.nonce)
        answer = Answer.from_bytes(reply.data)
        self.nonce = answer.nonce
        self.database.write(lambda connection: self.journal.take_marks(connection, answer.marks))
        return answer

    def posts(self, path: str, body: bytes, keys: KeyPair | None = None, keyid: str | None = None) -> TestResponse:
        signer = keys or self.keys
        headers = sign_request("POST", path, body, signer, keyid or box_id(signer.public))
        return self._client.post(path, data=body, headers=headers)

    def restarts(self) -> None:
        self.journal.open_epoch()

    def unsent(self) -> bytes:
        found = self.journal.next_batch()
        assert found is not None, "there is nothing to send"
        return found[1]

    def name(self) -> str:
        return base64url(self._random_bytes(9))


def _key_in(body: bytes) -> str:
    return Welcome.from_bytes(body).hub_key


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def random_bytes() -> Callable[[int], bytes]:
    return random.Random(7).randbytes


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
def database_url(request: pytest.FixtureRequest) -> str | None:
    """None is the hub's own SQLite file; otherwise a fresh PostgreSQL database."""
    if request.param == "sqlite":
        return None
    return request.getfixturevalue("fresh_postgres")()


@pytest.fixture
def hub(
    tmp_path: Path, clock: HandClock, random_bytes: Callable[[int], bytes], database_url: str | None
) -> Iterator[Hub]:
    one = Hub.open(tmp_path / "hub", clock, random_bytes, database_url)
    yield one
    one.close()


@pytest.fixture
def client(hub: Hub) -> FlaskClient:
    return create_app(hub).test_client()


@pytest.fixture
def new_box(
    tmp_path: Path, clock: HandClock, random_bytes: Callable[[int], bytes], client: FlaskClient
) -> Iterator[Callable[[], CampusBox]]:
    """Makes boxes that have not enrolled yet."""
    made: list[CampusBox] = []

    def make() -> CampusBox:
        made.append(CampusBox(tmp_path / f"box-{len(made)}", clock, random_bytes, client))
        return made[-1]

    yield make
    for box in made:
        box.database.close()


@pytest.fixture
def token(hub: Hub) -> Token:
    return hub.fleet.make_token(hub.fleet.campus_called("Wadi"))


@pytest.fixture
def box(new_box: Callable[[], CampusBox], token: Token) -> CampusBox:
    one = new_box()
    one.enrols(token)
    return one


@pytest.fixture
def lesson(tmp_path: Path) -> Path:
    """A small course: a folder with one page."""
    folder = tmp_path / "water"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html><title>Water</title><p>Water finds its way.</p>")
    return folder


@pytest.fixture
def publishes(hub: Hub) -> Callable[..., Release]:
    """Publishes the next version of a course: `publishes("water", core={"index.html": b"..."}, video={...})`."""

    def publish(course: str = "water", **layers: Mapping[str, bytes]) -> Release:
        release = record(hub, course, layers)
        hub.packing.build_missing()
        return release

    return publish


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Path]:
    """A PostgreSQL server of our own, on a Unix socket; its folder."""
    # Not under pytest's folder: that is for its owner's eyes only, and PostgreSQL will not run as root.
    folder = Path(tempfile.mkdtemp(prefix="qanat-pg-"))
    as_postgres: dict[str, Any] = {}
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        shutil.chown(folder, owner.pw_uid, owner.pw_gid)
        as_postgres = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    programs, data = sorted(POSTGRES.glob("*/bin"))[-1], folder / "data"
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c max_connections=50"

    def run(program: str, *arguments: str | Path) -> None:
        with (folder / "log").open("ab") as log:
            subprocess.run(
                [programs / program, "-D", data, *arguments], check=True, stdout=log, stderr=log, cwd="/", **as_postgres
            )

    try:
        run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        run("pg_ctl", "-w", "-o", options, "-l", folder / "server.log", "start")
        yield folder
        run("pg_ctl", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def fresh_postgres(postgres_server: Path) -> Iterator[Callable[[], str]]:
    """Makes empty databases, gone again after the test."""
    admin = create_engine(
        f"postgresql+psycopg://postgres@/postgres?host={postgres_server}", isolation_level="AUTOCOMMIT"
    )
    made: list[str] = []

    def make() -> str:
        name = f"hub_{random.SystemRandom().randrange(10**12)}"
        with admin.connect() as connection:
            connection.execute(text(f"create database {name}"))
        made.append(name)
        return f"postgresql://postgres@/{name}?host={postgres_server}"

    yield make
    with admin.connect() as connection:
        for name in made:
            connection.execute(text(f"drop database {name} with (force)"))
    admin.dispose()
