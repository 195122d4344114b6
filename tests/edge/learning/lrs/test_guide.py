"""docs/learning-records.md tells the truth: its examples run, its limits are the code's."""

import re
import shlex
from base64 import b64encode
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from edge.app import create_app
from edge.box import Box
from edge.learning.lrs import (
    activities,
    attachments,
    credentials,
    documents,
    judging,
    multipart,
    pace,
    pages,
    query,
    text,
)
from edge.learning.lrs.actor import learner_agent
from sync import pruning
from sync.events import PAYLOAD_BYTES_MAX

PAGE = (Path(__file__).parents[4] / "docs/learning-records.md").read_text()
EXAMPLES = re.findall(r"^    (curl .*?)    # (\d+)$", PAGE, re.MULTILINE | re.DOTALL)


def run(client: FlaskClient, command: str, key: str, secret: str) -> int:
    """What curl would send, sent; returns the status."""
    words = iter(shlex.split(command.replace("\\\n", " "))[1:])
    headers, fields, method, url = {}, [], "", ""
    body: str | None = None
    is_query = False
    for word in words:
        match word:
            case "-u":
                assert next(words) == "$KEY:$SECRET"
                headers["Authorization"] = "Basic " + b64encode(f"{key}:{secret}".encode()).decode()
            case "-H":
                name, _, value = next(words).partition(": ")
                headers[name] = value
            case "-d":
                body = next(words)
            case "-X":
                method = next(words)
            case "-G":
                is_query = True
            case "--data-urlencode":
                name, _, value = next(words).partition("=")
                fields.append((name, value))
            case _:
                url = word
    path = url.removeprefix("http://127.0.0.1:8080") + (f"?{urlencode(fields)}" if is_query else "")
    usual = "POST" if body is not None else "GET"
    return client.open(path, method=method or usual, headers=headers, data=body).status_code


def test_the_examples_run(box: Box) -> None:
    client = create_app(box).test_client()
    key = box.lrs.credentials.make()

    statuses = [run(client, command, *key) for command, _ in EXAMPLES]

    assert [200, 200, 204, 401] == statuses == [int(status) for _, status in EXAMPLES]


@pytest.mark.parametrize(
    "words",
    [
        f"{PAYLOAD_BYTES_MAX >> 10} KiB, as the journal writes it",
        f"{judging.STATEMENTS_MAX} statements, {text.JSON_BYTES_MAX >> 20} MiB of JSON, {text.DEPTH_MAX} levels deep",
        f"{attachments.BYTES_MAX >> 20} MiB, {multipart.PARTS_MAX} parts",
        f"requests above {pages.LARGE_BYTES >> 20} MiB at once",
        f"{documents.DOCUMENT_BYTES_MAX >> 10} KiB",
        f"{documents.DOCUMENTS_MAX} of them, {documents.FOLDER_BYTES_MAX >> 20} MiB",
        f"| a page of statements | {query.PAGE_MAX} |",
        f"| {activities.ACTIVITIES_MAX:,} |",
        f"{pace.AT_ONCE_BYTES >> 20} MiB at once, then {pace.A_MINUTE_BYTES >> 10} KiB a minute",
        f"| keys | {credentials.KEYS_MAX} |",
        f"{pruning.EVENTS_KEPT:,} events or {pruning.DAYS_KEPT} days",
        str(learner_agent("x")["account"]["homePage"]),
    ],
)
def test_the_limits_are_those_of_the_code(words: str) -> None:
    assert words in PAGE
