"""The scene of a PDF document, for phones without a viewer of their own: pages drawn one by one by the vendored pdf.js.

* It runs on the content origin like every stranger's file: whatever a document makes of the program, it makes of that.
* The place is the page; it is kept as the second of a film is, of as many pages as the document has.
"""

from typing import Any
from urllib.parse import quote

from flask import request

from catalog.manifest import words
from edge.library.at import page_of
from edge.library.stage import files
from edge.library.stage.launched import Launched
from sync.web.language import direction, gettext, language_now

NAME = "pdfjs-dist"


def scene(found: Launched) -> dict[str, Any]:
    """What the page is made of."""
    keeper = found.keeper
    places = keeper.learning.places(found.learner).get(found.launch.course, {}) if keeper is not None else {}
    kept = places.get(found.activity.id)
    title = words(found.activity.title, language_now())
    return {
        "title": title,
        "language": language_now(),
        "direction": direction(language_now()),
        "has_list": False,
        "scene": {
            "title": title,
            "file": f"/{found.token}/{quote(found.activity.path)}",
            "worker": files.player(NAME, "pdf.worker.min.js"),
            "page": page_of(request.args.get("at", "")) or (kept.seconds if kept else 0) or 1,
            "place": f"/{found.token}/~place" if found.learner else "",
            "words": {
                "failed": gettext("This document cannot be shown here. Save it, and open it with another program."),
                "missing": gettext("These words are not in this document."),
            },
        },
    }
