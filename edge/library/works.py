"""What commands may ask of a box's library."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from catalog.search.question import Question
from edge.box import Box
from edge.library.search import Result, results

STEPS_MAX = 200
"""Each of them some seconds of reading: an hour in all."""


def find(box: Box, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a learner would find, after what is new on the shelf was read."""
    is_whole = any(_steps(box))
    question = Question.of(str(request.get("words", "")))
    releases = {release.course: release for release in box.shelf.courses()}
    found = results(box.indexing.index.find(question), releases, question, box.config.language)
    return {"is_whole": is_whole, "found": [_row(result) for result in found]}


def _steps(box: Box) -> Iterator[bool]:
    """Step until all is read, or nothing is read any more: a session is under way, or another step."""
    for _ in range(STEPS_MAX):
        before = box.indexing.read_count()
        yield box.indexing.tick(waits=True)
        if box.indexing.read_count() == before:
            return


def _row(result: Result) -> Mapping[str, Any]:
    activity = result.activity
    path = f"/library/{result.release.course}" + (f"/{activity.id}" if activity is not None else "")
    at = {"at": result.place.at} if activity is not None and result.place.at else {}
    return {
        "course": result.release.course,
        "activity": activity.id if activity is not None else "",
        "kind": result.place.kind,
        "at": result.place.at,
        "title": "".join(part.text for part in result.title),
        "snippet": "".join(part.text for part in result.snippet.parts),
        "marks": [part.text for part in result.snippet.parts if part.is_marked],
        "address": path + (f"?{urlencode(at)}" if at else ""),
    }
