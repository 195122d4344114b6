"""Content sites on a real socket: a stranger's package gets its own files, and nothing else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sync.web.content import Content, app_origin, safe_path
from sync.web.front import Front

LAUNCH = "/t0ken"


@pytest.fixture
def site(shelf: Any, serve: Callable[..., Front]) -> Front:
    (shelf.folder / "unit 1").mkdir()
    (shelf.folder / "unit 1" / "index.html").write_bytes(b"<p>unit</p>")
    (shelf.folder / "index.html").write_bytes(b"<p>start</p>")
    (shelf.folder / "lesson.js").write_bytes(b"let lesson = 1;" * 20)
    (shelf.folder / "lesson.js.gz").write_bytes(b"compressed")
    (shelf.folder / "picture.png").write_bytes(bytes(90_000))
    (shelf.folder / "picture.png.gz").write_bytes(b"never this one")
    return serve(Content(shelf, 8080))


@pytest.fixture
def caller(site: Front, call: Callable[[Front], Any]) -> Any:
    return call(site)


def test_a_package_may_load_from_itself_only(caller: Any) -> None:
    headers = caller.ask(f"{LAUNCH}/").headers

    assert "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:" in headers["content-security-policy"]
    assert headers["content-security-policy"].endswith("frame-ancestors 'self' http://127.0.0.1:8080")
    assert ("nosniff", "no-referrer") == (headers["x-content-type-options"], headers["referrer-policy"])


def test_a_file_has_the_type_that_the_catalog_gives_it(caller: Any) -> None:
    assert "text/html" == caller.ask(f"{LAUNCH}/").headers["content-type"]
    assert "text/javascript" == caller.ask(f"{LAUNCH}/lesson.js").headers["content-type"]


def test_no_cookie_is_ever_set(caller: Any) -> None:
    replies = [caller.ask(f"{LAUNCH}/{name}", "Cookie: qanat-box=stolen") for name in ("", "lesson.js", "none")]

    assert [200, 200, 404] == [reply.status for reply in replies]
    assert not any("set-cookie" in reply.headers for reply in replies)


def test_a_page_is_asked_for_anew_and_an_asset_is_kept(caller: Any) -> None:
    assert "private, no-cache" == caller.ask(f"{LAUNCH}/").headers["cache-control"]
    assert "private, max-age=86400" == caller.ask(f"{LAUNCH}/lesson.js").headers["cache-control"]


def test_each_view_of_a_page_is_seen_and_no_asset_is(caller: Any, shelf: Any, site: Front) -> None:
    etag = caller.ask(f"{LAUNCH}/").headers["etag"]
    caller.ask(f"{LAUNCH}/lesson.js")
    caller.ask(f"{LAUNCH}/", method="HEAD")
    assert 304 == caller.ask(f"{LAUNCH}/", f"If-None-Match: {etag}").status
    caller.ask(f"{LAUNCH}/missing.html")
    site.stop()

    assert ["t0ken/index.html", "t0ken/index.html"] == shelf.seen


def test_a_folder_is_answered_by_its_page(caller: Any) -> None:
    assert b"<p>unit</p>" == caller.ask(f"{LAUNCH}/unit%201/").body


def test_a_folder_without_its_slash_is_sent_there(caller: Any) -> None:
    reply = caller.ask(f"{LAUNCH}/unit%201?from=menu")

    assert (301, "unit%201/?from=menu") == (reply.status, reply.headers["location"])


def test_a_compressed_copy_is_sent_to_who_takes_it(caller: Any) -> None:
    plain = caller.ask(f"{LAUNCH}/lesson.js")
    compressed = caller.ask(f"{LAUNCH}/lesson.js", "Accept-Encoding: gzip, deflate")

    assert (b"compressed", "gzip") == (compressed.body, compressed.headers["content-encoding"])
    assert plain.body.startswith(b"let lesson")
    assert {"Accept-Encoding"} == {plain.headers["vary"], compressed.headers["vary"]}
    assert plain.headers["etag"] != compressed.headers["etag"]


def test_a_file_of_the_course_that_ends_in_gz_is_not_taken_for_a_copy(caller: Any) -> None:
    assert bytes(90_000) == caller.ask(f"{LAUNCH}/picture.png", "Accept-Encoding: gzip").body


def test_the_second_answer_from_memory_is_as_the_first(caller: Any) -> None:
    first, second, third = [caller.ask(f"{LAUNCH}/lesson.js") for _ in range(3)]

    assert first == second == third


def test_a_part_of_a_small_file_comes_from_memory(caller: Any) -> None:
    caller.ask(f"{LAUNCH}/lesson.js")
    reply = caller.ask(f"{LAUNCH}/lesson.js", "Range: bytes=4-9")

    assert (206, b"lesson", "bytes 4-9/300") == (reply.status, reply.body, reply.headers["content-range"])


def test_nothing_is_written_through_a_content_site(caller: Any) -> None:
    reply = caller.ask(f"{LAUNCH}/lesson.js", method="POST", body=b"x=1")

    assert (405, "GET, HEAD") == (reply.status, reply.headers["allow"])


@pytest.mark.parametrize(
    "target",
    [
        "/other/lesson.js",
        "/",
        f"{LAUNCH}/../secret.txt",
        f"{LAUNCH}/%2e%2e/secret.txt",
        f"{LAUNCH}/..%2fsecret.txt",
        f"{LAUNCH}//secret.txt",
        f"{LAUNCH}/./lesson.js",
        f"{LAUNCH}/a%00b",
        f"{LAUNCH}/a%5c..%5cb",
        f"{LAUNCH}/%ff",
        f"{LAUNCH}/{'a' * 300}",
        f"{LAUNCH}/{'a/' * 1_200}",
    ],
)
def test_what_is_not_in_the_launch_is_not_there(caller: Any, shelf: Any, target: str) -> None:
    (shelf.folder.parent / "secret.txt").write_bytes(b"secret")

    assert 404 == caller.ask(target).status


def test_a_changed_file_is_seen_after_a_moment(caller: Any, shelf: Any, site: Front) -> None:
    caller.ask(f"{LAUNCH}/lesson.js")
    (shelf.folder / "lesson.js").write_bytes(b"let lesson = 2;")
    for small in site.hands.files._small.values():
        small.checked_seconds -= 60

    assert b"let lesson = 2;" == caller.ask(f"{LAUNCH}/lesson.js").body


def test_a_path_is_decoded_once() -> None:
    assert "a/%2e%2e/b" == safe_path("/a/%252e%252e/b")


@pytest.mark.parametrize("host", ["evil.example/'; script-src *", "a b", "", ":8080", "é.example"])
def test_a_host_that_makes_no_sense_frames_nothing(host: str) -> None:
    assert app_origin(host, 8080) == ""


def test_the_application_frames_under_the_name_it_was_reached_by() -> None:
    assert app_origin("[fe80::1]:8081", 8080) == "http://[fe80::1]:8080"
    assert app_origin("box.lan", 443, "https") == "https://box.lan"


def test_what_is_no_plain_file_is_not_served(caller: Any, shelf: Any) -> None:
    import os

    os.mkfifo(Path(shelf.folder) / "pipe.js")

    assert 404 == caller.ask(f"{LAUNCH}/pipe.js").status
