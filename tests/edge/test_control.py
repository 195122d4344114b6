"""The control socket: a command is answered by the process that holds the box, or told that none does."""

import json
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from catalog.fault import BoxFault, CallerFault, LinkFault
from edge.box import Box
from edge.control import Control, Listener, Work, answer, ask
from edge.works import works


def count(request: Mapping[str, Any], listener: Listener) -> Mapping[str, Any]:
    for number in range(request["to"]):
        listener({"doing": "counting", "number": number})
    return {"counted": request["to"]}


def fail(request: Mapping[str, Any], listener: Listener) -> Mapping[str, Any]:
    raise LinkFault("Nobody answers at the hub.", "Look whether the cable is in.")


WORKS: Mapping[str, Work] = {"count": count, "fail": fail}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Path]:
    """A folder whose socket is answered, as by a box that serves."""
    control = Control(tmp_path, WORKS)
    control.start()
    yield tmp_path
    control.close()


def test_progress_comes_first_and_the_result_last() -> None:
    heard: list[Mapping[str, Any]] = []

    assert {"result": {"counted": 2}} == answer(WORKS, b'{"do":"count","to":2}', heard.append)
    assert [{"doing": "counting", "number": 0}, {"doing": "counting", "number": 1}] == heard


@pytest.mark.parametrize("line", [b"", b"hello", b"[]", b"{}", b'{"do":"dance"}', b'{"do":["count"]}', b"\xff"])
def test_what_is_not_a_request_is_refused_in_words(line: bytes) -> None:
    fault = answer(WORKS, line, list[Mapping[str, Any]]().append)["fault"]

    assert ("The running box does not know this request.", 2) == (fault["sentence"], fault["exit_code"])


def test_nobody_answers_where_no_box_runs(tmp_path: Path) -> None:
    assert ask(tmp_path, {"do": "count"}, print) is None


@pytest.mark.system
def test_a_running_box_answers_over_its_socket(running: Path) -> None:
    heard: list[Mapping[str, Any]] = []

    assert {"counted": 3} == ask(running, {"do": "count", "to": 3}, heard.append)
    assert 3 == len(heard)


@pytest.mark.system
def test_a_fault_of_the_running_box_is_the_commands_fault(running: Path) -> None:
    with pytest.raises(LinkFault) as raised:
        ask(running, {"do": "fail"}, print)

    assert ("Nobody answers at the hub.", "Look whether the cable is in.", 5) == (
        raised.value.sentence,
        raised.value.hint,
        raised.value.exit_code,
    )


@pytest.mark.system
def test_a_socket_left_by_a_process_that_died_is_nobody_and_is_replaced(running: Path, tmp_path: Path) -> None:
    left = tmp_path / "left"
    left.mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(f"{left}/control.sock")

    assert ask(left, {"do": "count", "to": 1}, print) is None

    alive = Control(left, WORKS)
    alive.start()
    assert {"counted": 1} == ask(left, {"do": "count", "to": 1}, print)
    alive.close()


@pytest.mark.system
def test_a_folder_with_a_very_long_path_has_a_socket_too(tmp_path: Path) -> None:
    data = tmp_path / ("a" * 120) / ("b" * 120)
    data.mkdir(parents=True)
    control = Control(data, WORKS)
    control.start()

    assert {"counted": 1} == ask(data, {"do": "count", "to": 1}, print)

    control.close()
    assert not (data / "control.sock").exists()


@pytest.mark.system
def test_a_command_that_goes_away_does_not_stop_the_work(running: Path) -> None:
    class Gone(Exception):
        """The command was stopped while it listened."""

    def leave(progress: Mapping[str, Any]) -> None:
        raise Gone

    with pytest.raises(Gone):
        ask(running, {"do": "count", "to": 10_000}, leave)

    assert {"counted": 1} == ask(running, {"do": "count", "to": 1}, list[Mapping[str, Any]]().append)


def test_every_work_of_a_box_answers_in_json(box: Box) -> None:
    done = works(box)

    assert {"status", "courses", "sync", "carry", "enrol", "backup", "export-learner", "erase-learner"} <= done.keys()
    for name in ("status", "courses"):
        json.dumps(done[name]({}, print))


def test_status_says_what_stands_beside_the_box(box: Box) -> None:
    status = works(box)["status"]({}, print)

    assert (box.id, "", 0, False, []) == (
        status["box"],
        status["hub"],
        status["courses"],
        status["is_claimed"],
        status["nights"],
    )


def test_a_box_without_a_hub_does_not_sync(box: Box) -> None:
    with pytest.raises(CallerFault, match="belongs to no hub yet"):
        works(box)["sync"]({}, print)


def test_a_mistyped_token_never_reaches_the_link(box: Box) -> None:
    request = {"hub": "https://hub.example", "token": "abc", "name": ""}

    with pytest.raises(CallerFault, match="40 letters and digits"):
        works(box)["enrol"](request, print)


def test_an_address_that_is_none_is_refused_before_the_link(boxes: Callable[..., Box], box: Box) -> None:
    request = {"hub": "hub.example", "token": "a" * 40, "name": ""}

    with pytest.raises(CallerFault, match="The setting hub should be"):
        works(box)["enrol"](request, print)


def test_a_box_that_another_process_holds_says_so(boxes: Callable[..., Box], box: Box) -> None:
    with pytest.raises(BoxFault):
        boxes()
