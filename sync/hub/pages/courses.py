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
from sync.hub.engine import reading
from sync.hub.trust.state import unsigned
from sync.web.app import require, session_now
from sync.web.language import NAMES, gettext, language_now
from sync.web.takes import takes

if TYPE_CHECKING:
    from sync.hub.hub import Hub

PUBLISH_PATH = "/publish"
FOLDER_BYTES = 8
NAME_BYTES_MAX = 200
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
        )

    @pages.get(PUBLISH_PATH)
    @require("staff")
    @takes(query=ABOUT)
    def publish_page() -> str:
        return _form()

    @pages.post(PUBLISH_PATH)
    @require("staff")
    @takes(*ABOUT, query=ABOUT, files=("files",))
    def publish() -> Response | tuple[str, int]:
        files = [file for file in request.files.getlist("files") if file.filename]
        if not files:
            return _form(gettext("Choose at least one file."), field="files"), 422
        try:
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
            return _form(f"{fault.sentence} {fault.hint}"), 422
        if published.is_new:
            release = published.release
            hub.keeping.note(session_now().person, "published", course=release.course, version=str(release.version))
        said = "new" if published.is_new else "known"
        return redirect(f"/courses/{published.release.course}?said={said}", 303)

    return pages


def _language() -> str:
    asked = request.form.get("language", "")
    return asked if asked in NAMES else "en"


def _form(error: str = "", *, field: str = "") -> str:
    given = {name: request.values.get(name, "") for name in ABOUT}
    given["language"] = given["language"] or language_now()
    languages = sorted(NAMES.items(), key=lambda one: one[1])
    return render_template("hub/publish.html", error=error, field=field, given=given, languages=languages)


@contextmanager
def _on_disk(hub: "Hub", files: list[FileStorage]) -> Iterator[list[Path]]:
    """The uploaded files under the names they came with, for as long as the block lasts."""
    folder = hub.data / "uploads" / hub.random_bytes(FOLDER_BYTES).hex()
    try:
        sources = []
        for number, file in enumerate(files):
            # A folder each: two files may have one name. A link, since the bytes are on this disk already.
            place = folder / str(number) / _safe_name(file.filename or "")
            place.parent.mkdir(parents=True)
            file.stream.flush()
            place.hardlink_to(file.stream.name)
            sources.append(place)
        yield sources
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _safe_name(name: str) -> str:
    """The last part of a name that a browser sent, fit for any disk.

    >>> _safe_name("C:\\\\lessons\\\\Water.zip"), _safe_name("..")
    ('Water.zip', 'file')
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    printable = "".join(letter for letter in last if letter.isprintable())
    while len(printable.encode()) > NAME_BYTES_MAX:
        printable = printable[1:]
    return printable if printable.strip(". ") else "file"
