"""The scene of an H5P exercise: the vendored player, where its files lie, and what is there from before."""

from typing import Any
from urllib.parse import quote

from flask import g

from catalog.manifest import words
from edge.library.stage import files
from edge.library.stage.launched import Launched
from edge.library.stage.scorm import of_sitting
from edge.library.stage.xapi import activity_iri
from sync.web.language import direction, language_now


def scene(found: Launched) -> dict[str, Any]:
    """What the page is made of. The exercise runs in the page itself: it has the rules of strangers' files."""
    g.is_strangers = True
    folder = found.activity.path.partition("/")[0]
    title = words(found.activity.title, language_now())
    return {
        "title": title,
        "language": language_now(),
        "direction": direction(language_now()),
        "has_list": False,
        "scene": {
            "title": title,
            "base": f"/{found.token}/{quote(folder)}",
            "frame": files.player("h5p-standalone"),
            "script": files.own("h5p-frame.js"),
            "iri": activity_iri(found),
            **of_sitting(found, found.sit_down()),
        },
    }
