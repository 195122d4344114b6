"""Row 36 of docs/security.md: who sees what, asked of every address of the box. The whole matrix, with foreign classes
and every write, is in tests/edge/people/test_roles.py and tests/sync/hub/test_roles.py."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from edge.box import Box
from edge.people.people import Classroom, Person, Secret

Signed = Callable[..., FlaskClient]
OPEN = (
    "/sign-in",
    "/join",
    "/claim",
    "/carry",
    "/opds",
    "/static/",
    "/sync/packs/",
    "/language/",
    "/look/",
    "/ping",
    "/styleguide",
    "/xapi/about",
    "/.well-known/qanat/birth",
)
"""What nobody needs a session for: the doors themselves, our own files, packs by their names, sealed letters, books for
e-readers that everybody may keep, which versions of xAPI are spoken, and what a desk compares with the box's card."""
TEACHING = ("/classes", "/learners", "/campus", "/teachers", "/staff", "/codes", "/password", "/progress")
"""What no learner sees, whoever they are."""


def addresses(client: FlaskClient) -> list[str]:
    """Every address that can be read, with something in place of its arguments."""
    rules = [rule for rule in client.application.url_map.iter_rules() if "GET" in (rule.methods or ())]
    built = {
        client.application.url_map.bind("localhost").build(
            rule.endpoint, {name: _something(rule.rule, name) for name in rule.arguments}
        )
        for rule in rules
    }
    return sorted(built)


def _something(rule: str, name: str) -> str | int:
    if f"<any({name}" in rule or "<any(" in rule:
        return rule.partition("<any(")[2].partition(")")[0].split(",")[0].strip()
    return 1 if f"<int:{name}" in rule else "x"


def test_row_36_nobody_reads_anything_but_the_doors(signed: Signed, grade: Classroom) -> None:
    client = signed().application.test_client()

    read = [path for path in addresses(client) if client.get(path).status_code < 300 and not path.startswith(OPEN)]

    assert [] == read


@pytest.mark.parametrize("kind", ["guest", "learner"])
def test_row_36_no_learner_reads_what_is_for_teachers_or_staff(
    signed: Signed, box: Box, amina: Person, kind: str
) -> None:
    client = signed(kind, amina.id if kind == "learner" else "")

    read = [
        path
        for path in addresses(client)
        if path.startswith(TEACHING) and client.get(path).status_code not in (303, 403, 404)
    ]

    assert [] == read


def test_row_36_a_learner_reads_no_place_of_another(signed: Signed, box: Box, grade: Classroom, amina: Person) -> None:
    box.learning.answered(amina.id, "water", "quiz", "first", "because water finds its way")
    bilan = box.people.enrol_learner(grade.id, "Bilan Omar", Secret("pin", "8350"))
    client = signed("learner", bilan.id)

    pages = [client.get(path) for path in ("/", "/me", "/library")]

    assert [200, 200, 200] == [page.status_code for page in pages]
    assert not any("finds its way" in page.text or amina.name in page.text for page in pages)
