"""HTTPS beside HTTP by the image's own nginx: the real program, with a certificate as a hub's authority gives it."""

import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, sync_playwright

from edge.people.people import Secret
from edge.secure.secure import SERVED_FILE
from sync.clock import SystemClock
from tests.edge.secure.conftest import DAY_SECONDS, NGINX, PROVISIONING, UNDER, Served
from tests.made_packages import Item, scorm
from tests.phones import CHROMIUM, SIZE, SWITCHES

SCRIPT = PROVISIONING / "image/target/root/usr/lib/qanat/secure"
PLAIN, TLS = ((PROVISIONING / name).read_text() for name in ("nginx.conf", "nginx-tls.conf"))


def test_every_rule_of_the_plain_servers_holds_for_the_secure_ones_word_for_word() -> None:
    plain, secured = ([_bare(block) for block in _locations(text)] for text in (PLAIN, TLS))

    assert len(plain) == 4
    assert plain == [block.replace("$own_port", "1$server_port") for block in secured]


def test_nothing_sends_anybody_from_one_to_the_other() -> None:
    assert not re.search(r"return 30|rewrite|Strict-Transport", PLAIN + TLS)


@pytest.mark.system
def test_both_ways_answer_the_same_and_no_browser_is_told_to_come_by_one_only(served: Served) -> None:
    plain, secured = (served.asks(f"{address}/sign-in/class") for address in (served.plain, served.secured))

    assert (200, 200) == (plain.status_code, secured.status_code)
    assert "Strict-Transport-Security" not in {**plain.headers, **secured.headers}
    assert f"https://{served.name}:{served.secure}/" in plain.text
    assert "There is a secure address" not in secured.text
    policy = plain.headers["Content-Security-Policy"]
    assert "upgrade-insecure-requests" not in policy
    assert policy == secured.headers["Content-Security-Policy"]


@pytest.mark.system
def test_another_name_gets_no_handshake_and_so_no_warning(served: Served) -> None:
    with pytest.raises(httpx.ConnectError, match="UNRECOGNIZED_NAME"):
        served.asks(f"https://box.local:{served.secure}/")


@pytest.mark.system
def test_an_expired_certificate_is_not_offered_and_http_goes_on(served: Served) -> None:
    now_seconds = served.box.clock.now().wall_seconds
    before = served.asks(f"{served.plain}/sign-in/class").text
    served.certified(now_seconds - 90 * DAY_SECONDS, now_seconds - DAY_SECONDS)

    after = served.asks(f"{served.plain}/sign-in/class")

    assert "There is a secure address" in before
    assert 200 == after.status_code
    assert "https://" not in after.text


@pytest.mark.system
@pytest.mark.parametrize(("off_days", "is_believed"), [(0, True), (-400, False), (4000, False)])
def test_a_phone_whose_clock_is_wrong_is_warned_and_has_http(served: Served, off_days: int, is_believed: bool) -> None:
    at_seconds = SystemClock().now().wall_seconds + off_days * DAY_SECONDS
    phone = ["openssl", "s_client", "-connect", f"127.0.0.1:{served.secure}", "-servername", served.name]
    known = ["-CAfile", str(served.root_file), "-verify_return_error", "-attime", str(at_seconds)]

    shook = subprocess.run([*phone, *known], input=b"", capture_output=True, check=False)

    assert is_believed == (shook.returncode == 0), shook.stderr
    assert 200 == served.asks(f"{served.plain}/sign-in/class").status_code


@pytest.mark.system
def test_a_new_certificate_takes_the_place_of_the_former_while_phones_are_served(served: Served) -> None:
    first, now_seconds = served.serial(), SystemClock().now().wall_seconds
    served.certified(now_seconds - DAY_SECONDS, now_seconds + 60 * DAY_SECONDS)
    statuses = set()
    for _ in range(200):
        statuses.add(served.asks(f"{served.secured}/sign-in/class").status_code)
        if served.serial() != first:
            break
        threading.Event().wait(0.02)

    assert first != served.serial()
    assert {200} == statuses


@pytest.mark.system
def test_a_course_over_https_in_a_real_browser_and_the_box_over_http_beside_it(served: Served, tmp_path: Path) -> None:
    with _phone(served, tmp_path) as page:
        failed: list[str] = []
        page.on("console", lambda line: failed.append(line.text) if line.type == "error" else None)
        page.on("requestfailed", lambda request: failed.append(request.url))
        page.goto(f"{served.secured}/sign-in/class")
        page.locator("form[action*='guest'] button").click()
        page.goto(f"{served.secured}/library/lesson/site")
        lesson = page.frame_locator("iframe").locator("h1")
        lesson.wait_for()
        frame = page.frames[1]

        assert page.evaluate("isSecureContext")
        assert f"https://{served.name}:{served.twin}/" in frame.url
        assert frame.evaluate("isSecureContext")
        assert frame.evaluate("[...document.styleSheets].length") > 0
        assert [] == failed
        cookies = {one["name"]: one["secure"] for one in page.context.cookies()}
        assert {f"qanat-box-{served.secure}-secure": True} == cookies

        page.goto(f"{served.plain}/sign-in/class")
        page.locator("form[action*='guest'] button").click()
        page.goto(f"{served.plain}/library/lesson/site")
        page.frame_locator("iframe").locator("h1").wait_for()
        assert page.url.startswith("http://")


@pytest.mark.system
def test_a_package_keeps_its_state_over_https_and_hears_only_its_own_origin(served: Served, tmp_path: Path) -> None:
    box = served.box
    amina = box.people.enrol_learner(box.people.classrooms()[0].id, "Amina", Secret("pin", "4071"))
    _, session = box.sessions.begin(amina.id, "learner", {})
    package = served.shelve(box, "lesson", [scorm(tmp_path / "water.zip", [Item("one", "The well")])])
    address = box.launches.open(session, "lesson", package.root, package.activities[0].id)
    origin = f"https://{served.name}:{served.twin}"
    save = {"part": "one", "sitting": 1, "number": 1, "state": {}}

    page = served.asks(f"{origin}/{address.token}/~play/")
    kept = served.asks(f"{origin}/{address.token}/~state", save, Origin=origin)
    others = [served.plain, served.secured, "https://evil.example"]
    foreign = [served.asks(f"{origin}/{address.token}/~state", save, Origin=one).status_code for one in others]

    assert (200, 204, [403, 403, 403]) == (page.status_code, kept.status_code, foreign)
    assert f"frame-ancestors {served.secured}" in page.headers["Content-Security-Policy"]
    assert served.twin == address.secure_port


@pytest.mark.system
@pytest.mark.parametrize("pem", ["good", "broken", "gone"])
def test_what_nginx_would_not_take_is_taken_away_and_http_stays(served: Served, tmp_path: Path, pem: str) -> None:
    pem_file = served.box.data / SERVED_FILE
    match pem:
        case "broken":
            pem_file.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n")
        case "gone":
            pem_file.unlink()
        case _:
            pass
    used, rules = served.folder / "conf.d/qanat-secure.conf", tmp_path / "nginx-tls.conf"
    rules.write_bytes(used.read_bytes())
    script = tmp_path / "secure"
    script.write_text(
        SCRIPT.read_text()
        .replace("/data/box/keys/secure.pem", str(pem_file))
        .replace("/usr/lib/qanat/nginx-tls.conf", str(rules))
        .replace("/etc/nginx/conf.d/qanat-secure.conf", str(used))
        .replace("/run/qanat-hosts", str(tmp_path / "hosts"))
        .replace("nginx -t -q", f"{NGINX} -t -q -p {served.folder} -c {served.folder}/nginx.conf")
        .replace("systemctl --no-block try-reload-or-restart nginx.service", f"kill -HUP {served.nginx.pid}")
    )

    done = subprocess.run(["sh", script], capture_output=True, text=True, check=False)

    assert 0 == done.returncode, done.stderr
    assert (pem == "good") == used.exists()
    told = tmp_path / "hosts/secure"
    assert (f"10.42.0.1 {served.name}\n" if pem == "good" else "") == (told.read_text() if told.exists() else "")
    assert (pem == "broken") == ("by HTTP alone" in done.stderr)
    assert 200 == served.asks(f"{served.plain}/sign-in/class").status_code


@contextmanager
def _phone(served: Served, folder: Path) -> Iterator[Page]:
    """A browser that believes who signed the box's certificate, and knows the box by its name."""
    home = folder / "home"
    known = home / ".pki/nssdb"
    known.mkdir(parents=True)
    for words in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "root", "-i", str(served.root_file)]):
        subprocess.run(["certutil", "-d", f"sql:{known}", *words], check=True)
    switches = [*SWITCHES, f"--host-resolver-rules=MAP *.{UNDER} 127.0.0.1"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=switches, env={"HOME": str(home)})
        yield browser.new_page(viewport=SIZE)  # type: ignore[arg-type]
        browser.close()


def _locations(text: str) -> list[str]:
    return re.findall(r"^    location .*?^    \}", text, re.DOTALL | re.MULTILINE)


def _bare(block: str) -> str:
    return "\n".join(line.strip() for line in block.splitlines() if not line.strip().startswith("#"))
