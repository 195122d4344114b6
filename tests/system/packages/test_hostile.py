"""A package that means harm, in a real browser: it sees its own course and nothing else.

What holds where is said in docs/security.md. Here the courses have a port each, as on a box without names of its own;
where each course has a host name the browser keeps even the cookies apart.
"""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from catalog.manifest import Release
from edge.config import Config
from edge.people.people import Secret
from tests.edge.conftest import Boxes, Shelves, WoundClock
from tests.made_packages import HEAD_12, Item, scorm, zipped
from tests.phones import Phones
from tests.ports import HOST, free_ports
from tests.system.packages.conftest import Campus, Wifi, kept

pytestmark = pytest.mark.system

SPY = """<!doctype html><meta charset="utf-8"><title>Spy</title><h1>A harmless lesson</h1>
<script>
async function tries(plan) {
  var app = plan.app, other = plan.other, found = {};
  async function attempt(name, work) {
    try { found[name] = String(await work()); } catch (error) { found[name] = "refused: " + error.name; }
  }
  function loads(tag, address) {
    return new Promise(function (resolve) {
      var element = document.createElement(tag);
      element.onload = function () { resolve("loaded"); };
      element.onerror = function () { resolve("refused"); };
      element[tag === "link" ? "href" : "src"] = address;
      if (tag === "link") element.rel = "stylesheet";
      document.body.appendChild(element);
    });
  }
  var with_cookies = { credentials: "include", mode: "no-cors" };
  await attempt("top document", function () { return window.top.document.title; });
  await attempt("top location", function () { return window.top.location.href; });
  await attempt("cookie", function () { return document.cookie; });
  await attempt("fetch the app", function () { return fetch(app + "/me", with_cookies); });
  var completed = new URLSearchParams({ course: "water", activity: "water" });
  await attempt("finish another course", function () {
    return fetch(app + "/learn/completed", Object.assign({ method: "POST", body: completed }, with_cookies));
  });
  await attempt("beacon to the app", function () {
    return navigator.sendBeacon(app + "/learn/completed", completed);
  });
  await attempt("script of the app", function () { return loads("script", app + "/static/look.js"); });
  await attempt("picture of the app", function () { return loads("img", app + "/me"); });
  await attempt("style of the app", function () { return loads("link", app + "/static/look.css"); });
  await attempt("fetch another course", function () { return fetch(other + "/one/page.html", { mode: "no-cors" }); });
  await attempt("socket", function () {
    return new Promise(function (resolve, reject) {
      var socket = new WebSocket(app.replace("http", "ws") + "/");
      socket.onopen = function () { resolve("open"); };
      socket.onerror = function () { reject(new Error("closed")); };
    });
  });
  await attempt("state of another launch", async function () {
    var forged = JSON.stringify({ part: "one", sitting: 9, number: 9, state: {} });
    return (await fetch("/" + plan.token + "/~state", { method: "POST", body: forged })).status;
  });
  await attempt("state of another launch on its own port", function () {
    return fetch(other.replace(/[^/]*$/, "~state"), { method: "POST", body: "{}", mode: "no-cors" });
  });
  await attempt("the stage of another launch", async function () {
    return (await fetch("/" + plan.token + "/~play/")).status;
  });
  await attempt("storage", function () { return localStorage.getItem("secret"); });
  await attempt("service worker", async function () {
    return await navigator.serviceWorker.register("worker.js");
  });
  await attempt("service worker over everything", async function () {
    return await navigator.serviceWorker.register("worker.js", { scope: "/" });
  });
  await attempt("window", async function () {
    var opened = window.open(app + "/me");
    if (!opened) return "none";
    await new Promise(function (resolve) { setTimeout(resolve, 500); });
    return "shows " + opened.document.documentElement.textContent.trim().slice(0, 200);
  });
  await attempt("frame of the app", function () {
    return new Promise(function (resolve) {
      var frame = document.createElement("iframe");
      frame.onload = function () { resolve(frame.contentDocument ? "read" : "blank"); };
      frame.src = app + "/me";
      document.body.appendChild(frame);
    });
  });
  await attempt("form to the app", function () {
    var form = document.createElement("form");
    form.method = "post"; form.action = app + "/learn/completed"; form.target = "_blank";
    form.innerHTML = "<input name=course value=water><input name=activity value=water>";
    document.body.appendChild(form);
    form.submit();
    return "sent";
  });
  await attempt("top navigation", function () { window.top.location = "https://example.org/"; return "asked"; });
  return found;
}
localStorage.setItem("secret", localStorage.getItem("secret") || "from " + location.port);
document.cookie = "planted=1; path=/";
</script>
"""
WORKER = "self.addEventListener('fetch', function (event) { event.respondWith(new Response('taken over')); });"


def spy(path: Path) -> Path:
    item = '<item identifier="one" identifierref="r"><title>Spy</title></item>'
    manifest = (
        f'<?xml version="1.0"?><manifest identifier="spy" {HEAD_12}><organizations><organization identifier="o">'
        f'<title>Spy</title>{item}</organization></organizations><resources><resource identifier="r" '
        'type="webcontent" adlcp:scormtype="sco" href="one/page.html"/></resources></manifest>'
    )
    files = {"imsmanifest.xml": manifest, "one/page.html": SPY, "one/worker.js": WORKER, "worker.js": WORKER}
    return zipped(path, {name: text.encode() for name, text in files.items()})


@pytest.fixture
def water(campus: Campus, tmp_path: Path) -> Release:
    return campus.shelves("water", scorm(tmp_path / "water.zip", [Item("one", "The well")]))


@pytest.fixture
def hostile(campus: Campus, tmp_path: Path) -> Release:
    return campus.shelves("spy", spy(tmp_path / "spy.zip"))


def test_a_hostile_package_reaches_nothing_but_itself(campus: Campus, water: Release, hostile: Release) -> None:
    page = campus.phone()
    stage = campus.opens(page, water)
    with kept(page, "answered"):
        stage.frame_locator("[data-room]").locator("#answer").click()
    other = frame_of(page, "one/page.html").url.partition("?")[0]
    token = other.split("/")[3]
    before = campus.box.packages.states_of(campus.amina.id)
    here = f"{campus.address}/library/spy/{hostile.activities[0].id}"
    campus.opens(page, hostile).frame_locator("[data-room]").locator("h1").wait_for()
    plan = {"app": campus.address, "other": other.removesuffix("/one/page.html"), "token": token}

    found = frame_of(page, "one/page.html").evaluate(f"tries({json.dumps(plan)})")

    refused = {
        "top document", "top location", "fetch the app", "finish another course", "fetch another course", "socket",
        "state of another launch on its own port", "service worker", "service worker over everything",
        "top navigation",
    }  # fmt: skip
    assert {name for name in refused if not str(found[name]).startswith("refused")} == set(), found
    assert {"refused"} == {found[f"{what} of the app"] for what in ("script", "picture", "style")}
    assert ("404", "404") == (found["state of another launch"], found["the stage of another launch"])
    # A window that it opens is in the same sandbox: our pages do not show themselves there.
    assert found["window"] in ("shows", "shows ", "none") or found["window"].startswith("refused"), found["window"]
    assert "qanat" not in found["cookie"]
    assert found["storage"].startswith("from ")
    assert here == page.url
    assert before == [one for one in campus.box.packages.states_of(campus.amina.id) if one[0] == "water"]
    place = campus.box.learning.place(campus.amina.id, "water", water.activities[0].id)
    assert place is not None
    assert not place.is_completed
    page.reload()
    expect(page.get_by_role("heading", name="Spy")).to_be_attached()


def test_a_package_leaves_no_service_worker_and_takes_over_no_launch(
    campus: Campus, water: Release, hostile: Release
) -> None:
    page = campus.phone()
    campus.opens(page, hostile).frame_locator("[data-room]").locator("h1").wait_for()
    frame = frame_of(page, "one/page.html")
    frame.evaluate("navigator.serviceWorker.register('worker.js').catch(function () {})")

    counted = "navigator.serviceWorker.getRegistrations().then(function (all) { return all.length; })"
    assert 0 == frame.evaluate(counted)
    stage = campus.opens(page, water)
    expect(stage.frame_locator("[data-room]").locator("h1")).to_have_text("The well")


def test_what_one_learner_left_in_a_phone_the_next_does_not_find(campus: Campus, hostile: Release) -> None:
    """One phone for a family: the course is the same, so its origin is, too."""
    page = campus.phone()
    campus.opens(page, hostile).frame_locator("[data-room]").locator("h1").wait_for()
    frame_of(page, "one/page.html").evaluate("localStorage.setItem('secret', 'of amina')")
    phone = page.context
    page.close()
    bilal = campus.box.people.enrol_learner(campus.amina.classroom, "Bilal", Secret("pin", "2580"))

    again = campus.signs_in(phone, person=bilal.id)
    campus.opens(again, hostile).frame_locator("[data-room]").locator("h1").wait_for()

    assert "of amina" != frame_of(again, "one/page.html").evaluate("localStorage.getItem('secret')")


@pytest.fixture
def narrow(boxes: Boxes, shelve: Shelves, clock: WoundClock, phones: Phones) -> Iterator[Campus]:
    """A box with one content port for all its courses."""
    first, *_ = free_ports(2)
    box = boxes("narrow", config=Config(host=HOST, port=first, content_port=first + 1, content_ports=1))
    box.start()
    classroom = box.people.add_classroom("8 B")
    amina = box.people.enrol_learner(classroom.id, "Amina", Secret("pin", "4071"))
    wifi = Wifi(box)
    wifi.back()
    yield Campus(box, phones, shelve, amina, clock, wifi)
    phones.put_away()
    wifi.cut()


def test_a_course_that_takes_over_a_port_finds_it_empty(narrow: Campus, tmp_path: Path) -> None:
    first = narrow.shelves("first", spy(tmp_path / "first.zip"))
    second = narrow.shelves("second", spy(tmp_path / "second.zip"))
    page = narrow.phone()
    narrow.opens(page, first).frame_locator("[data-room]").locator("h1").wait_for()
    frame_of(page, "one/page.html").evaluate("localStorage.setItem('secret', 'of the first')")

    narrow.opens(page, second).frame_locator("[data-room]").locator("h1").wait_for()

    assert "of the first" != frame_of(page, "one/page.html").evaluate("localStorage.getItem('secret')")


def frame_of(page: Page, end: str) -> Any:
    return next(frame for frame in page.frames if frame.url.endswith(end))


def test_the_spy_is_a_package_like_any_other(tmp_path: Path) -> None:
    """What is tried above is really in it."""
    with zipfile.ZipFile(spy(tmp_path / "spy.zip")) as archive:
        assert {"imsmanifest.xml", "one/page.html", "one/worker.js", "worker.js"} == set(archive.namelist())
