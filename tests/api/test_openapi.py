"""The document of all pages: nothing is missing in it, nothing is invented, and only staff are given it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import schemathesis
from flask import Flask
from schemathesis.config import SchemathesisConfig

from edge.library.house import House
from edge.library.stage.app import create_stage
from sync.web.openapi import PATH, document_of
from sync.web.takes import taken_by, takes
from tests.api.noting import EVERYWHERE, declared
from tests.api.prepared import STRANGER, End, Prepared

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SOURCES = {
    "box": ("edge", "sync/budget", "sync/web", "sync/mirror.py"),
    "hub": (
        "sync/hub", "sync/campus", "sync/budget", "sync/web", "sync/mirror.py", "edge/library/course_pages.py",
        "edge/library/players", "edge/learning/quiz/pages.py",
    ),
}  # fmt: skip
PARTS = {"form": "form", "args": "query", "files": "files"}
READING = {"get", "getlist"}
OF_A_FORM = {"_text", "_count"}
"""Functions of some pages that read the form's field of the name they are given."""


@pytest.fixture(params=["box", "hub"])
def end(request: pytest.FixtureRequest, prepared: Prepared, tmp_path: Path) -> Iterator[End]:
    with getattr(prepared, request.param)(tmp_path / request.param) as opened:
        yield opened


def test_every_route_is_in_the_document_and_the_document_is_openapi(end: End) -> None:
    document = document_of(end.app)

    told = {operation["operationId"] for item in document["paths"].values() for operation in item.values()}
    schemathesis.openapi.from_dict(document, config=SchemathesisConfig()).validate()
    assert {rule.endpoint for rule in end.app.url_map.iter_rules()} == told


def test_only_staff_are_given_it(end: End) -> None:
    asked = {name: _reads(end, name) for name in end.visitors}

    assert {name: 200 if name == "staff" else 303 for name in end.visitors if name not in ("learner", "teacher")} == {
        name: status for name, status in asked.items() if name not in ("learner", "teacher")
    }
    assert {asked.get("learner", 403), asked.get("teacher", 403)} == {403}


def test_it_says_who_may_use_a_page_and_what_the_page_takes(prepared: Prepared, tmp_path: Path) -> None:
    with prepared.box(tmp_path / "box") as end:
        paths = document_of(end.app)["paths"]

    lend, letter = paths["/staff/lend"]["post"], paths["/staff/carry/letter.qanat"]["get"]
    fields = lend["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]["properties"]
    assert (["staff"], {"mb", "csrf"}) == (lend["x-qanat-roles"], set(fields))
    assert ["application/octet-stream"] == list(letter["responses"]["2XX"]["content"])
    assert ["pin", "pictures"] == paths["/join/{kind}"]["get"]["parameters"][0]["schema"]["enum"]


def test_it_says_that_boxes_sign_what_they_send(prepared: Prepared, tmp_path: Path) -> None:
    with prepared.hub(tmp_path / "hub") as end:
        session = document_of(end.app)["paths"]["/sync/session"]["post"]

    assert ([{"signature": []}], ["application/octet-stream"]) == (
        session["security"],
        list(session["requestBody"]["content"]),
    )


def test_it_says_nothing_of_this_box_or_hub(end: End) -> None:
    document = str(document_of(end.app))

    names = ("Amina", "Hodan", "Badr", "Rana", "Wadi", "Hill school", "Grade", "Water")
    ids = ("campus_id", "box_id", "classroom", "learner", "teacher", "proposal", "announcement", "assignment")
    values = [value for name in ids for value in end.there.get(name, ())]
    assert [] == [word for word in names if word in document]
    assert [] == [value for value in values if f"'{value}'" in document]


def test_a_route_of_a_kind_that_cannot_be_told_is_not_passed_over(prepared: Prepared, tmp_path: Path) -> None:
    with prepared.box(tmp_path / "box") as end:
        end.app.add_url_rule("/far/<path:far>", "far", lambda far: far)

        with pytest.raises(AssertionError, match="cannot say yet what <path"):
            document_of(end.app)


# ---- what is declared is what is read ----


def test_every_field_that_the_sources_read_is_declared(end: End) -> None:
    assert set() == _read_in_sources(end.name) - _declared(end.app) - _declared_on_stage() - EVERYWHERE


def test_every_field_that_is_declared_is_known_to_the_sources(end: End) -> None:
    words = {word for tree in _trees(end.name) for word in _words(tree)}

    assert set() == {name for _, name in _declared(end.app)} - words


def test_a_field_read_or_declared_by_mistake_is_found() -> None:
    tree = ast.parse("def view():\n    return request.form['planted'], request.args.get('here'), 'x' in request.files")

    @takes("nobody-reads-this")
    def view() -> None: ...

    assert {("form", "planted"), ("query", "here"), ("files", "x")} == set(_reads_in(tree))
    assert {("form", "nobody-reads-this")} == declared(taken_by(view))
    assert "nobody-reads-this" not in set(_words(tree))


def _reads(end: End, visitor: str) -> int:
    cookies, _ = end.visit(end.visitors.get(visitor, STRANGER))
    client = end.app.test_client()
    for name, value in cookies.items():
        client.set_cookie(name, value)
    return client.get(PATH).status_code


def _declared(app: Flask) -> set[tuple[str, str]]:
    return {field for view in app.view_functions.values() for field in declared(taken_by(view))}


def _declared_on_stage() -> set[tuple[str, str]]:
    """What the box takes on the origins of its courses: an application of its own, which is in no document."""
    return _declared(create_stage(cast(House, SimpleNamespace(keeper=None))))


@cache
def _trees(end: str) -> list[ast.Module]:
    places = [ROOT / place for place in SOURCES[end]]
    files = [file for place in places for file in ([place] if place.is_file() else place.rglob("*.py"))]
    return [ast.parse(file.read_text()) for file in files]


def _read_in_sources(end: str) -> set[tuple[str, str]]:
    return {read for tree in _trees(end) for read in _reads_in(tree)}


def _reads_in(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Every field that is read by its name: `request.form["x"]`, `request.args.get("x")`, `"x" in request.files`."""
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(value=ast.Attribute(ast.Name("request"), part), slice=ast.Constant(str(name))):
                pass
            case ast.Call(
                ast.Attribute(ast.Attribute(ast.Name("request"), part), how), [ast.Constant(str(name)), *_]
            ) if how in READING:
                pass
            case ast.Compare(ast.Constant(str(name)), [ast.In()], [ast.Attribute(ast.Name("request"), part)]):
                pass
            case ast.Call(ast.Name(how), [ast.Constant(str(name))]) if how in OF_A_FORM:
                part = "form"
            case _:
                continue
        if part in PARTS:
            yield PARTS[part], name


def _words(tree: ast.AST) -> Iterator[str]:
    """Every text in a source but those of its declarations."""
    declarations = {
        id(below)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "takes"
        for below in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in declarations:
            yield node.value
