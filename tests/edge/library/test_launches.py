"""Launches: a token opens one course's files, on one origin, for as long as its session lasts."""

from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.manifest import Release
from edge.box import Box
from edge.config import Config
from edge.library.launches import Address, split
from edge.people.people import Person
from sync.web.sessions import Session

As = Callable[..., tuple[str, Session]]
HOST = "box.lan"


def open_(box: Box, session: Session, release: Release) -> Address:
    return box.launches.open(session, release.course, release.root, release.activities[0].id)


def test_a_launch_opens_the_files_of_its_release(box: Box, lesson: Release, as_: As) -> None:
    _, session = as_("guest")

    address = open_(box, session, lesson)

    found = box.content.resolve(address.port, HOST, f"{address.token}/site/parts/1-the-well.html")
    assert found is not None
    assert ("text/html", (box.shelf.tree("lesson") / "site/parts/1-the-well.html").read_bytes()) == (
        found.media_type,
        found.path.read_bytes(),
    )


def test_opening_again_gives_the_same_address(box: Box, lesson: Release, as_: As) -> None:
    _, session = as_("guest")

    assert open_(box, session, lesson) == open_(box, session, lesson)


def test_two_sessions_never_share_a_token(box: Box, lesson: Release, as_: As) -> None:
    (_, one), (_, other) = as_("guest"), as_("guest")

    assert open_(box, one, lesson).token != open_(box, other, lesson).token


def test_a_token_is_worth_nothing_on_another_courses_port(box: Box, lesson: Release, siphon: Release, as_: As) -> None:
    _, session = as_("guest")
    water, pipe = open_(box, session, lesson), open_(box, session, siphon)

    assert water.port != pipe.port
    assert None is box.content.resolve(pipe.port, HOST, f"{water.token}/site/index.html")


@pytest.mark.parametrize(
    "path",
    [
        "{token}/../{other}/site/index.html",
        "{token}/../../keys/box.key",
        "{token}/parts/../../../keys/box.key",
        "{token}//etc/passwd",
        "{token}/./site/index.html",
        "{token}/parts\\..\\index.html",
        "{token}/in\0dex.html",
        "{token}",
        "",
        "0123456789abcdef0123456789abcdef/index.html",
    ],
)
def test_a_path_that_leaves_its_course_is_nothing(
    box: Box, lesson: Release, siphon: Release, as_: As, path: str
) -> None:
    _, session = as_("guest")
    address, other = open_(box, session, lesson), open_(box, session, siphon)

    assert None is box.content.resolve(address.port, HOST, path.format(token=address.token, other=other.token))


def test_signing_out_ends_what_was_launched(box: Box, lesson: Release, as_: As) -> None:
    _, session = as_("guest")
    address = open_(box, session, lesson)

    box.sessions.end(session)

    assert None is box.content.resolve(address.port, HOST, f"{address.token}/site/index.html")
    assert [] == sorted((box.data / "launches").glob("*/*"))


def test_a_new_pin_ends_what_the_learner_launched_on_every_phone(
    box: Box, lesson: Release, as_: As, amina: Person
) -> None:
    addresses = [open_(box, as_("learner", amina.id)[1], lesson) for _ in range(2)]

    box.people.new_pin(amina.id)

    assert [None, None] == [
        box.content.resolve(address.port, HOST, f"{address.token}/site/index.html") for address in addresses
    ]


def test_a_session_that_went_unseen_is_found_by_the_sweep(box: Box, lesson: Release, as_: As) -> None:
    _, session = as_("guest")
    address = open_(box, session, lesson)
    box.database.write(lambda connection: connection.execute("delete from session"))

    box.launches.sweep()

    assert None is box.content.resolve(address.port, HOST, f"{address.token}/site/index.html")


def test_nobody_launches_without_a_session(box: Box, lesson: Release) -> None:
    with pytest.raises(Exception, match="FOREIGN KEY"):
        open_(box, Session("not a session"), lesson)

    box.launches.sweep()
    assert [] == sorted((box.data / "launches").glob("*/*"))


def test_a_restart_keeps_launches_and_draws_other_tokens(
    boxes: Callable[..., Box], box: Box, lesson: Release, as_: As
) -> None:
    _, session = as_("guest")
    address = open_(box, session, lesson)
    box.close()

    again = boxes()

    assert again.content.resolve(address.port, HOST, f"{address.token}/site/index.html") is not None
    assert address.token != open_(again, session, lesson).token


def test_nginx_finds_the_same_files_by_path(box: Box, lesson: Release, as_: As) -> None:
    _, session = as_("guest")

    address = open_(box, session, lesson)

    by_path = box.data / "launches" / str(address.port) / address.token / "site" / "index.html"
    assert by_path.samefile(box.shelf.tree("lesson") / "site" / "index.html")


def test_only_the_hash_of_a_token_is_kept(box: Box, lesson: Release, as_: As) -> None:
    _, session = as_("guest")
    address = open_(box, session, lesson)

    rows = [tuple(row) for row in box.database.read().execute("select * from launch")]

    assert 1 == len(rows)
    assert address.token not in repr(rows)


def test_a_full_pool_gives_the_port_of_the_course_launched_longest_ago(
    boxes: Callable[..., Box], shelve: Callable[..., Release], as_: As, lesson: Release, tmp_path: Path
) -> None:
    box = boxes("small pool", config=Config(content_ports=2))
    releases = [_course(box, shelve, tmp_path, f"course-{number}") for number in range(3)]
    _, session = box.sessions.begin("", "guest", {})
    first, second = (open_(box, session, release) for release in releases[:2])
    open_(box, session, releases[0])

    third = open_(box, session, releases[2])

    assert second.port == third.port
    assert None is box.content.resolve(second.port, HOST, f"{second.token}/site/index.html")
    assert box.content.resolve(first.port, HOST, f"{first.token}/site/index.html") is not None


def test_a_course_keeps_its_port_over_a_restart(
    boxes: Callable[..., Box], box: Box, lesson: Release, siphon: Release, as_: As
) -> None:
    _, session = as_("guest")
    before = [open_(box, session, release).port for release in (lesson, siphon)]
    box.close()
    again = boxes()

    assert before[::-1] == [open_(again, session, release).port for release in (siphon, lesson)]


def test_a_course_with_a_host_name_answers_there_and_nowhere_else(
    boxes: Callable[..., Box], shelve: Callable[..., Release], tmp_path: Path
) -> None:
    config = Config(content_host="{course}.content.lan", address="http://box.lan")
    box = boxes("with names", config=config)
    water, pipe = (_course(box, shelve, tmp_path, name) for name in ("water", "pipe"))
    _, session = box.sessions.begin("", "guest", {})

    address = open_(box, session, water)
    open_(box, session, pipe)

    asked = f"{address.token}/site/index.html"
    hosts = ["water.content.lan", "Water.Content.lan:8100", "pipe.content.lan", "box.lan", "water.evil.lan", ""]
    assert "water.content.lan" == address.host
    assert [True, True, False, False, False, False] == [
        box.content.resolve(address.port, host, asked) is not None for host in hosts
    ]


def test_a_name_typed_in_pieces_is_the_name_that_was_imported() -> None:
    assert ("t0ken", "caf\u00e9.html") == split("t0ken/cafe\u0301.html")


def _course(box: Box, shelve: Callable[..., Release], folder: Path, name: str) -> Release:
    site = folder / name
    site.mkdir()
    (site / "index.html").write_text(f"<title>{name}</title>")
    return shelve(box, name, [site], title=name)
