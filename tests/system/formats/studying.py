"""Studying: what a learner does with an activity of each kind, in a real browser, and how one sees that it plays.

Every function opens its activity, asserts that it is there to be seen, does a little of what it asks for, and says in a
few words what was seen. What the box keeps of it is asked afterwards, of the box.
"""

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

from playwright.sync_api import Frame, FrameLocator, Page, expect

from catalog.manifest import Activity, Release
from tests.phones import until
from tests.signing_in import press
from tests.system.packages.conftest import Campus

QUESTIONS_MAX = 4
"""Questions of a quiz that are answered before it is handed in."""
SHOWS = """() => {
  const body = document.body;
  if (!body) return false;
  const parts = 'img,svg,canvas,video,audio,object,embed,input,button,iframe,frame';
  return body.innerText.trim().length > 0 || document.querySelectorAll(parts).length > 0;
}"""


def study(campus: Campus, page: Page, release: Release, activity: Activity) -> str:
    """Open an activity and do a little of it; returns what was seen.

    Raises AssertionError where it does not play, KeyError where nobody knows how one studies such a kind.
    """
    page.goto(f"{campus.address}/library/{release.course}/{activity.id}")
    seen = STUDYING[activity.kind](campus, page, release, activity)
    finished = page.get_by_role("button", name="I have finished this")
    if finished.count():
        with page.expect_navigation():
            finished.click()
    return seen


def _framed(campus: Campus, page: Page, release: Release, activity: Activity) -> str:
    source = (campus.box.shelf.tree(release.course) / activity.path).read_text("utf-8", "replace")
    if _is_empty(source):
        assert _frame(page).url.endswith(quote(activity.path))
        return "its page in a frame, as empty as it came"
    assert_shows(_frame(page))
    return "its page in a frame"


def _book(campus: Campus, page: Page, release: Release, activity: Activity) -> str:
    assert_shows(_frame(page))
    following = page.get_by_role("navigation", name="Pages of the book").get_by_role("link", name="Next")
    if following.count():
        with page.expect_navigation():
            following.click()
        assert_shows(_frame(page))
    return "chapter by chapter"


def _document(campus: Campus, page: Page, release: Release, activity: Activity) -> str:
    file = page.get_by_role("link", name="Read", exact=True).get_attribute("href") or ""
    answer = page.request.get(f"{campus.address}{file.partition('#')[0]}")
    assert ("application/pdf", 200) == (answer.headers["content-type"], answer.status)
    assert answer.body().startswith(b"%PDF")
    page.get_by_role("link", name="Read it here").click()
    stage = page.frame_locator("iframe.stage")
    expect(stage.locator("canvas[data-page='1']")).to_be_visible()
    return "in the phone's viewer, and drawn here"


def _film(campus: Campus, page: Page, release: Release, activity: Activity) -> str:
    _runs(page, "video")
    assert until(page, "document.querySelector('video').videoHeight || ''")
    tracks = page.locator("video track").count()
    return "it runs, with captions" if tracks else "it runs"


def _sound(campus: Campus, page: Page, release: Release, activity: Activity) -> str:
    _runs(page, "audio")
    return "it runs"


def _quiz(campus: Campus, page: Page, release: Release, activity: Activity) -> str:
    press(page, "main a.btn.block")
    for _ in range(QUESTIONS_MAX):
        if page.url.endswith("show=check"):
            break
        _answer_something(page)
        press(page, "main form .btn")
    page.goto(f"{campus.address}/quiz/{release.course}/{activity.id}?show=check")
    page.click("button[value=hand-in]")
    page.wait_for_url("**show=result")
    return "answered and handed in"


def _link(campus: Campus, page: Page, release: Release, activity: Activity) -> str:
    expect(page.get_by_role("link", name="Open", exact=True)).to_have_attribute(
        "href", str(activity.attributes["address"])
    )
    return "its address"


def _download(campus: Campus, page: Page, release: Release, activity: Activity) -> str:
    with page.expect_download() as saving:
        page.get_by_role("link", name="Save it on this phone").click()
    kept = campus.box.shelf.tree(release.course) / activity.path
    assert saving.value.path().read_bytes() == kept.read_bytes()
    return "saved"


def _part(campus: Campus, page: Page, release: Release, activity: Activity) -> str:
    """A SCO: it found its runtime, and what it said is kept."""
    first = page.frame_locator("iframe.stage").locator(".parts a, .parts button").first
    if first.count():
        first.click()
    part = _inner(page)
    assert_shows(part)
    if part.locator("#pass").count():  # a part of our own says at a button's press what others say after an hour
        part.locator("#pass").click()
        _leave(page)
        return "with its runtime, and passed"
    _leave(page)
    return "with its runtime"


def _exercise(campus: Campus, page: Page, release: Release, activity: Activity) -> str:
    inner = page.frame_locator("iframe.stage").frame_locator("iframe.h5p-iframe")
    expect(inner.locator(".h5p-content")).to_be_visible()
    _press_something(inner)
    return "with its player"


def _told(campus: Campus, page: Page, release: Release, activity: Activity) -> str:
    """A unit or an xAPI package: it speaks to the record store."""
    unit = _inner(page)
    assert_shows(unit)
    if unit.locator("#complete").count():
        if activity.kind == "cmi5":
            expect(unit.locator("#said")).to_have_text("initialized 200")
        unit.locator("#complete").click()
        expect(unit.locator("#said")).to_have_text("completed 200")
        return "launched, and completed"
    _leave(page)
    return "launched"


STUDYING: Mapping[str, Callable[[Campus, Page, Release, Activity], str]] = {
    "audio": _sound,
    "cmi5": _told,
    "download": _download,
    "epub": _book,
    "h5p": _exercise,
    "html": _framed,
    "link": _link,
    "pdf": _document,
    "quiz": _quiz,
    "scorm": _part,
    "video": _film,
    "xapi": _told,
}


def assert_shows(frame: Frame) -> None:
    """There is something to be seen or heard in a frame, and it is not a sentence of the box about a missing file."""
    for _ in range(100):
        if frame.evaluate(SHOWS):
            break
        frame.page.wait_for_timeout(50)
    else:
        raise AssertionError(f"nothing is to be seen at {frame.url}")
    assert frame.url.startswith("http"), frame.url
    assert "There is no such file" not in frame.content(), frame.url


def _is_empty(source: str) -> bool:
    """Its maker left nothing on this page."""
    body = re.search(r"<body[^>]*>(.*)</body>", source, re.DOTALL | re.IGNORECASE)
    return body is not None and not body[1].strip()


def _frame(page: Page) -> Frame:
    handle = page.locator("iframe.stage").element_handle()
    frame = handle.content_frame() if handle else None
    assert frame is not None, "the page frames nothing"
    frame.wait_for_load_state()
    return frame


def _inner(page: Page) -> Frame:
    """The package inside the stage."""
    stage = _frame(page)
    for _ in range(100):
        if stage.child_frames and stage.child_frames[0].url.startswith("http"):
            stage.child_frames[0].wait_for_load_state()
            return stage.child_frames[0]
        page.wait_for_timeout(50)
    raise AssertionError(f"the stage shows no package: {stage.content()[:2000]}")


def _leave(page: Page) -> None:
    page.wait_for_timeout(300)  # a person does not leave in the moment in which a page has come
    page.goto("about:blank")
    page.go_back()


def _runs(page: Page, tag: str) -> None:
    """A film or sound is played, faster than life, and its seconds go on."""
    page.evaluate(f"document.querySelector('{tag}').play()")
    until(page, f"document.querySelector('{tag}').currentTime > 0.2 ? 'yes' : ''")


def _answer_something(page: Page) -> None:
    form = page.locator("main form").first
    for kind in ("radio", "checkbox"):
        first = form.locator(f"input[type={kind}][name^=answer]").first
        if first.count():
            first.check()
    for field in form.locator("select[name^=answer]").all():
        field.select_option(index=1)
    for field in form.locator("input[name^=answer]:not([type=radio]):not([type=checkbox]):not([type=hidden])").all():
        field.fill("1")
    for field in form.locator("textarea").all():
        field.fill("Because it rains.")


def _press_something(inner: FrameLocator) -> None:
    for role in ("radio", "button"):
        one = inner.get_by_role(role).first  # type: ignore[arg-type]
        if one.count() and one.is_visible():
            one.click()
