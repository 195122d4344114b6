"""Drafts: a course on its way, from the first byte of its files to the button that publishes it.

* Every page works without a script; with one, files come in parts, and one that stopped goes on where it was.
* A page about something that goes on in the background loads itself again; nothing has to be pressed.
* What is written and cannot stand is shown again beside what is wrong with it.
"""

from typing import TYPE_CHECKING, Any

from flask import Blueprint, abort, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from catalog.about import About, WordsRefused
from catalog.fault import CallerFault, ContentFault, Fault
from sync.hub.drafts.draft import CHUNK_BYTES, Draft, State, rungs
from sync.hub.pages.words import LEVEL_NAMES, drawn, licences_shown, rung_name
from sync.hub.pages.written import choice_written, moved_written, shown_day, shown_time, words_written
from sync.web.app import require, session_now
from sync.web.language import NAMES, gettext
from sync.web.takes import JSON, OCTETS, takes

if TYPE_CHECKING:
    from sync.hub.hub import Hub

DRAFTS_PATH = "/publish/"
PARTS_PATH = "/publish-parts/"
AGAIN_SECONDS = 3
"""After so long the page of a draft that is being imported loads itself again."""
FILES_ANNOUNCED_MAX = 200
NAME_BYTES_MAX = 200
NUMBER_LETTERS_MAX = 12
"""A terabyte has no more."""


def create_pages(hub: "Hub") -> Blueprint:
    """The pages about drafts."""
    pages = Blueprint("drafts", __name__, template_folder="../templates")
    for shown in (rung_name, shown_day, shown_time):
        pages.add_app_template_global(shown)
    _fill(pages, hub)
    _mend(pages, hub)
    _end(pages, hub)

    @pages.get("/publish/<draft>")
    @require("staff")
    @takes(query=("said",))
    def draft(draft: str) -> str:
        return page_of(hub, hub.drafts.find(draft), said=request.args.get("said", ""))

    return pages


def _fill(pages: Blueprint, hub: "Hub") -> None:
    @pages.post("/publish/drafts")
    @require("staff")
    @takes("course", "title", "language", "description", gives=JSON)
    def make() -> ResponseReturnValue:
        return jsonify({"draft": begun(hub)}), 201

    @pages.get("/publish/<draft>/files")
    @require("staff")
    @takes(gives=JSON)
    def files(draft: str) -> ResponseReturnValue:
        return jsonify(_files(hub.drafts.find(draft)))

    @pages.post("/publish/<draft>/files")
    @require("staff")
    @takes("name", "size", gives=JSON)
    def announce(draft: str) -> ResponseReturnValue:
        names, sizes = request.form.getlist("name"), request.form.getlist("size")
        if len(names) != len(sizes) or len(names) > FILES_ANNOUNCED_MAX or not all(map(_is_count, sizes)):
            abort(400)
        hub.drafts.announce(draft, [(safe_name(name), int(size)) for name, size in zip(names, sizes, strict=True)])
        return jsonify(_files(hub.drafts.find(draft)))

    @pages.post(f"{PARTS_PATH}<draft>/<number>/<chunk>")
    @require("staff")
    @takes(body=OCTETS, gives=JSON)
    def put(draft: str, number: str, chunk: str) -> ResponseReturnValue:
        if not _is_count(number) or not _is_count(chunk):
            abort(404)
        hub.drafts.put(draft, int(number), int(chunk), request.get_data(cache=False))
        return jsonify({"taken": int(chunk)})

    @pages.post("/publish/<draft>/import")
    @require("staff")
    def begin(draft: str) -> ResponseReturnValue:
        hub.drafts.begin(draft)
        hub.jobs.wake()
        return redirect(f"{DRAFTS_PATH}{draft}", 303)


def _mend(pages: Blueprint, hub: "Hub") -> None:
    @pages.post("/publish/<draft>/words")
    @require("staff")
    @takes(
        "language", "title", "description", "licence", "licence_words", "subjects", "level", "family", "new_language"
    )
    def words(draft: str) -> ResponseReturnValue:
        one = _ready(hub, draft)
        try:
            about = words_written(request.form, one.about)
        except WordsRefused as refused:
            return page_of(hub, one, error=refused, given=request.form), 422
        hub.drafts.say(draft, about, one.choice)
        return redirect(f"{DRAFTS_PATH}{draft}?said=kept#words", 303)

    @pages.post("/publish/<draft>/moved")
    @require("staff")
    @takes("old", "new")
    def moved(draft: str) -> ResponseReturnValue:
        one = _ready(hub, draft)
        hub.drafts.say(draft, moved_written(request.form, one.about), one.choice)
        return redirect(f"{DRAFTS_PATH}{draft}?said=kept#update", 303)

    @pages.post("/publish/<draft>/campuses")
    @require("staff")
    @takes("who", "campus", "of", "layers", "hold", "day", "time")
    def campuses(draft: str) -> ResponseReturnValue:
        one = _ready(hub, draft)
        try:
            choice = choice_written(request.form, one, hub.fleet.campuses())
        except WordsRefused as refused:
            return page_of(hub, one, error=refused), 422
        hub.drafts.say(draft, one.about, choice)
        return redirect(f"{DRAFTS_PATH}{draft}?said=kept#cost", 303)


def _end(pages: Blueprint, hub: "Hub") -> None:
    @pages.post("/publish/<draft>/publish")
    @require("staff")
    def publish(draft: str) -> ResponseReturnValue:
        one = hub.drafts.find(draft)
        try:
            release, is_new = hub.publishing.publish_draft(one)
        except (CallerFault, ContentFault) as fault:
            return page_of(hub, one, error=fault), 422
        _forget_looks(hub)
        if is_new:
            hub.keeping.note(session_now().person, "published", course=release.course, version=str(release.version))
        said = "known" if not is_new else "later" if hub.publishing.due_seconds(release.root) else "new"
        return redirect(f"/courses/{release.course}?said={said}", 303)

    @pages.post("/publish/<draft>/discard")
    @require("staff")
    def discard(draft: str) -> ResponseReturnValue:
        one = hub.drafts.find(draft)
        hub.jobs.discard(draft)
        _forget_looks(hub)
        hub.keeping.note(session_now().person, "draft-thrown-away", course=one.course)
        return redirect("/publish", 303)


def _forget_looks(hub: "Hub") -> None:
    """Previews of drafts that are no more go with them."""
    hub.previews.keep_only([one.release for one in hub.drafts.all() if one.release is not None])


def _ready(hub: "Hub", draft: str) -> Draft:
    """A draft that was imported. Raises NoSuchDraft, DraftRefused."""
    one = hub.drafts.find(draft)
    one.demand(State.READY)
    return one


def begun(hub: "Hub") -> str:
    """A new draft, of what the form says so far. Raises DraftRefused, WordsRefused."""
    language = request.form.get("language", "")
    language = language if language in NAMES else "en"
    about = About.written(
        title={language: request.form.get("title", "")},
        description={language: request.form.get("description", "")},
        languages=(language,),
    )
    return hub.drafts.make(about, request.form.get("course", "").strip(), session_now().person)


def page_of(hub: "Hub", draft: Draft, *, said: str = "", error: Fault | None = None, given: Any = None) -> str:
    """The page of a draft, as far as it is."""
    field = error.field if isinstance(error, WordsRefused) else ""
    common = {"draft": draft, "said": said, "error": error, "field": field, "chunk_bytes": CHUNK_BYTES}
    if draft.state is not State.READY:
        again = AGAIN_SECONDS if draft.is_at_work else 0
        return render_template("hub/draft-filling.html", again_seconds=again, **common)
    campuses = hub.fleet.campuses()
    update = hub.publishing.update(draft)
    is_weighed = hub.weighing.is_weighed(draft)
    former = update.former if update is not None else None
    return render_template(
        "hub/draft.html",
        **common,
        release=draft.said,
        former=former,
        update=update,
        campuses=campuses,
        chosen=draft.choice,
        rungs=[(",".join(rung), rung) for rung in rungs(list(draft.said.layers))],
        costs=hub.publishing.costs(draft) if is_weighed else [],
        is_weighed=is_weighed,
        words_in=drawn(draft, given, hub.publishing.languages_read()),
        languages=sorted(NAMES.items(), key=lambda one: one[1]),
        licences=licences_shown(),
        levels=[("", gettext("not said")), *((key, gettext(name)) for key, name in LEVEL_NAMES.items())],
    )


def safe_name(name: str) -> str:
    """The last part of a name that a browser sent, fit for any disk.

    >>> safe_name("C:\\\\lessons\\\\Water.zip"), safe_name("..")
    ('Water.zip', 'file')
    """
    last = name.replace("\\", "/").rpartition("/")[2]
    printable = "".join(letter for letter in last if letter.isprintable())
    while len(printable.encode()) > NAME_BYTES_MAX:
        printable = printable[1:]
    return printable if printable.strip(". ") else "file"


def _files(draft: Draft) -> dict[str, Any]:
    rows = [
        {"number": one.number, "name": one.name, "size": one.size_bytes, "missing": list(one.missing)}
        for one in draft.files
    ]
    return {"draft": draft.id, "state": draft.state.value, "chunk_bytes": CHUNK_BYTES, "files": rows}


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= NUMBER_LETTERS_MAX
