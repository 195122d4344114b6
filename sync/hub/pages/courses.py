"""Courses: what is published, what the import found, and publishing more."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from catalog.fault import CallerFault, ContentFault, DiskFull
from catalog.manifest import is_course
from sync.hub.drafts.draft import CHUNK_BYTES
from sync.hub.engine import reading
from sync.hub.pages.drafts import DRAFTS_PATH, begun, safe_name
from sync.hub.pages.words import STATE_NAMES
from sync.hub.trust.state import unsigned
from sync.web.app import require, session_now
from sync.web.language import NAMES, gettext, language_now
from sync.web.takes import takes

if TYPE_CHECKING:
    from sync.hub.hub import Hub

PUBLISH_PATH = "/publish"
FOLDER_BYTES = 8
LOOK_FIRST = "look"
"""What becomes of the files: "look" makes a draft of them, which somebody reads before it is published."""
ABOUT = ("course", "title", "language", "description")
"""What the form says of a course; an address may fill it in."""


def create_pages(hub: "Hub") -> Blueprint:
    """The pages about courses."""
    pages = Blueprint("courses", __name__, template_folder="../templates")

    @pages.get("/courses")
    @require("staff")
    def courses() -> str:
        offered = {offer.root for offer in hub.packing.offers()}
        releases = hub.catalog.releases.all_latest()
        with reading(hub.engine) as connection:
            waiting = unsigned(connection)
        return render_template(
            "hub/courses.html", releases=releases, offered=offered, waiting=waiting, fault=hub.packing.fault
        )

    @pages.get("/courses/<course>")
    @require("staff")
    @takes(query=("said",))
    def course(course: str) -> str:
        release = hub.catalog.releases.latest(course) if is_course(course) else None
        if release is None:
            abort(404)
        boxes = [line.box for campus in hub.overview.campuses() for line in campus.boxes if not line.box.is_revoked]
        with reading(hub.engine) as connection:
            waits_for = unsigned(connection).get(course, "")
        holders = [box for box in boxes if any(holding.root == release.root for holding in box.holdings)]
        return render_template(
            "hub/course.html",
            release=release,
            is_offered=any(offer.root == release.root for offer in hub.packing.offers()),
            waits_for=waits_for,
            finding=hub.publishing.finding(course),
            holders=holders,
            box_count=len(boxes),
            asked=hub.demands.asked(course),
            said=request.args.get("said", ""),
            **_who(hub, course),
        )

    @pages.post("/courses/<course>/withdraw")
    @require("staff")
    @takes("campus")
    def withdraw(course: str) -> Response:
        chosen = set(request.form.getlist("campus"))
        choice = hub.publishing.choice_of(course)
        having = {campus.id for campus in hub.fleet.campuses() if choice.is_for(campus.id)}
        hub.publishing.withdraw(course, None if having <= chosen else sorted(having & chosen))
        hub.keeping.note(session_now().person, "withdrawn", course=course)
        return redirect(f"/courses/{course}?said=withdrawn", 303)

    @pages.post("/courses/<course>/roll-back")
    @require("staff")
    @takes("version")
    def roll_back(course: str) -> Response:
        version = request.form.get("version", "")
        release = hub.publishing.roll_back(course, int(version) if version.isdecimal() and len(version) < 10 else None)
        hub.keeping.note(session_now().person, "rolled-back", course=course, version=str(release.version))
        return redirect(f"/courses/{course}?said=back", 303)

    @pages.get(PUBLISH_PATH)
    @require("staff")
    @takes(query=ABOUT)
    def publish_page() -> str:
        return _form(hub)

    @pages.post(PUBLISH_PATH)
    @require("staff")
    @takes(*ABOUT, "then", "draft", query=ABOUT, files=("files",))
    def publish() -> Response | tuple[str, int]:
        files = [file for file in request.files.getlist("files") if file.filename]
        if not files:
            return _form(hub, gettext("Choose at least one file."), field="files"), 422
        try:
            if request.form.get("then", "") == LOOK_FIRST:
                return _drafted(hub, files)
            with _on_disk(hub, files) as sources:
                published = hub.publishing.publish(
                    sources,
                    course=request.form.get("course", "").strip() or None,
                    title=request.form.get("title", "").strip() or None,
                    language=_language(),
                    description=request.form.get("description", "").strip() or None,
                )
        except DiskFull:
            raise
        except (ContentFault, CallerFault) as fault:
            return _form(hub, f"{fault.sentence} {fault.hint}"), 422
        if published.is_new:
            release = published.release
            hub.keeping.note(session_now().person, "published", course=release.course, version=str(release.version))
        said = "new" if published.is_new else "known"
        return redirect(f"/courses/{published.release.course}?said={said}", 303)

    return pages


def _language() -> str:
    asked = request.form.get("language", "")
    return asked if asked in NAMES else "en"


def _drafted(hub: "Hub", files: list[FileStorage]) -> Response:
    """Make a draft of these files, or add them to one, and have it imported."""
    draft = request.form.get("draft", "") or begun(hub)
    with _on_disk(hub, files) as sources:
        hub.drafts.add(draft, [(source.name, source) for source in sources])
    if hub.drafts.find(draft).is_whole:
        hub.drafts.begin(draft)
        hub.jobs.wake()
    return redirect(f"{DRAFTS_PATH}{draft}", 303)


def _who(hub: "Hub", course: str) -> dict[str, object]:
    """Who gets a course, from when on, and what can be done about it."""
    choice, campuses = hub.publishing.choice_of(course), hub.fleet.campuses()
    versions = hub.catalog.releases.versions(course)
    return {
        "choice": choice,
        "campuses": campuses,
        "due_seconds": hub.publishing.due_seconds(versions[-1].root),
        "former_versions": [(str(one.version), str(one.version)) for one in reversed(versions[:-1])],
        "withdrawn_from": [(campus.id, campus.name) for campus in campuses if choice.is_for(campus.id)],
    }


def _form(hub: "Hub", error: str = "", *, field: str = "") -> str:
    given = {name: request.values.get(name, "") for name in ABOUT}
    given["language"] = given["language"] or language_now()
    languages = sorted(NAMES.items(), key=lambda one: one[1])
    states = {state.value: gettext(words) for state, words in STATE_NAMES.items()}
    return render_template(
        "hub/publish.html", error=error, field=field, given=given, languages=languages, drafts=hub.drafts.all(),
        draft_states=states, chunk_bytes=CHUNK_BYTES,
    )  # fmt: skip


@contextmanager
def _on_disk(hub: "Hub", files: list[FileStorage]) -> Iterator[list[Path]]:
    """The uploaded files under the names they came with, for as long as the block lasts."""
    folder = hub.data / "uploads" / hub.random_bytes(FOLDER_BYTES).hex()
    try:
        sources = []
        for number, file in enumerate(files):
            # A folder each: two files may have one name. A link, since the bytes are on this disk already.
            place = folder / str(number) / safe_name(file.filename or "")
            place.parent.mkdir(parents=True)
            file.stream.flush()
            place.hardlink_to(file.stream.name)
            sources.append(place)
        yield sources
    finally:
        shutil.rmtree(folder, ignore_errors=True)
