"""`qanat box` as it is typed: words or JSON, faults with their exit codes, and the running box when there is one."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
from click.testing import CliRunner

from catalog.fault import CallerFault
from edge.bars import Bars, bar
from edge.cli import _say_scrub
from edge.cli import box as command
from sync.clock import Moment

LINES_MAX = 2


def run(*words: str) -> str:
    result = CliRunner().invoke(command, words, catch_exceptions=False)
    return result.output


@pytest.mark.parametrize(
    ("files", "rotten", "expected"),
    [
        (1, ["a"], "Read 1 file, 3.2 kB.\n1 of 1 is not what it was, and was taken off.\n"),
        (3, ["a", "b"], "Read 3 files, 3.2 kB.\n2 of 3 are not what they were, and were taken off.\n"),
        (2, [], "Read 2 files, 3.2 kB.\n"),
    ],
)
def test_a_scrub_counts_in_the_right_number(
    files: int, rotten: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _say_scrub({"files": files, "read_bytes": 3_200, "rotten": rotten})

    said = capsys.readouterr()
    assert expected == said.out + said.err.partition("Hint")[0]


def test_a_folder_without_a_box_is_named_and_left_alone(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["status", "--data", str(tmp_path / "nothing")])

    assert isinstance(result.exception, CallerFault)
    assert f"There is no box in {tmp_path / 'nothing'}." == result.exception.sentence
    assert not (tmp_path / "nothing").exists()


def test_a_wrong_token_is_said_before_anything_is_asked_of_the_network(tmp_path: Path) -> None:
    words = ["enrol", "--data", str(tmp_path / "box"), "--hub", "https://hub.example", "--token", "abc"]

    result = CliRunner().invoke(command, words)

    assert isinstance(result.exception, CallerFault)
    assert "40 letters and digits" in result.exception.sentence


def test_status_and_courses_have_words_and_json(tmp_path: Path) -> None:
    data = str(tmp_path / "box")
    CliRunner().invoke(command, ["enrol", "--data", data, "--hub", "https://hub.example", "--token", "abc"])

    assert "Hub: none yet" in run("status", "--data", data)
    assert "There are no courses on this box yet." in run("courses", "--data", data)
    assert "" == json.loads(run("status", "--data", data, "--json"))["hub"]
    assert {"courses": []} == json.loads(run("courses", "--data", data, "--json"))


class Terminal(list[str]):
    """What was drawn."""

    def write(self, text: str) -> None:
        self.append(text)

    def flush(self) -> None:
        """A list is always flushed."""


def test_a_bar_shows_bytes_rate_and_time_left() -> None:
    assert "water ######------------------ 25 of 100 MB, 500 kB/s, 2 min left" == bar(
        "water", 25_000_000, 100_000_000, 20_000_000, 40.0
    ).replace("150 s", "2 min")


def test_bars_are_drawn_a_few_times_a_second_and_end_their_line() -> None:
    drawn = Terminal()

    class Watch:
        seconds = 0.0

        def now(self) -> Moment:
            self.seconds += 0.05
            return Moment(0, self.seconds, is_trusted=False)

        def wait(self, seconds: float) -> None:
            """Nobody waits."""

    bars = Bars(drawn, Watch())
    bars.hear({"doing": "reporting", "name": ""})
    for done_bytes in range(101):
        bars.hear({"doing": "fetching", "name": "water", "done_bytes": done_bytes, "total_bytes": 100})

    assert drawn[0].endswith("reporting\n")
    assert 20 <= len(drawn) <= 30
    assert drawn[-1].endswith("\n")
    assert 2 == "".join(drawn).count("\n")


def test_below_the_bar_stands_how_far_all_parcels_are() -> None:
    drawn = Terminal()

    class Watch:
        seconds = 0.0

        def now(self) -> Moment:
            self.seconds += 1.0
            return Moment(0, self.seconds, is_trusted=False)

        def wait(self, seconds: float) -> None:
            """Nobody waits."""

    bars = Bars(drawn, Watch())
    tally = {"number": 2, "count": 7, "all_total_bytes": 80_000_000}
    for done in (0, 1_000_000, 2_000_000):
        parcel = {"doing": "fetching", "name": "water", "done_bytes": done, "total_bytes": 10_000_000}
        bars.hear({**parcel, **tally, "all_done_bytes": 30_000_000 + done})

    above, below = drawn[-1].split("\n")
    assert "fetching water ####-------------------- 2.0 of 10 MB" in above
    assert "2 of 7 in all #########--------------- 32 of 80 MB, 1.0 MB/s, 48 s left" in below
    assert below.endswith("\x1b[1A"), "the next line is drawn over this one"


def test_status_says_budget_and_forecast(tmp_path: Path) -> None:
    data = tmp_path / "box"
    CliRunner().invoke(command, ["enrol", "--data", str(data), "--hub", "https://hub.example", "--token", "abc"])
    (data / "box.toml").write_text("night_mb = 40\nrate_kbit = 256\n")

    status = json.loads(run("status", "--data", str(data), "--json"))

    assert {
        "night_bytes_max": 40_000_000,
        "night_bytes_spent": 0,
        "month_bytes_max": 0,
        "month_bytes_spent": 0,
        "rate_kbit": 256,
        "windows": ["01:00-05:00"],
    } == status["budget"]
    assert {"remaining_bytes": 0, "parcels": 0, "by": None, "sentence": "Nothing is missing."} == status["forecast"]
    assert "Budget: this night 0 B of 40 MB, this month 0 B, at most 256 kbit/s" in run("status", "--data", str(data))


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[tuple[Path, IO[str]]]:
    """A box that serves in a process of its own, in a folder with a long name; and what it goes on to say."""
    data = tmp_path / ("long " * 24) / "box"
    port = _free_port()
    words = ["box", "serve", "--data", str(data), "--host", "127.0.0.1", "--port", str(port)]
    words += ["--content-port", str(_free_port())]
    data.mkdir(parents=True)
    (data / "box.toml").write_text("content_ports = 1\n")
    process = subprocess.Popen([sys.executable, "-m", "provisioning", *words], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as lines:
        said = [lines.readline() for _ in range(LINES_MAX)]
        assert f"http://127.0.0.1:{port}/" in said[0]
        assert "Staff code" in said[1]
        yield data, lines
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(timeout=30)


@pytest.fixture
def served(serving: tuple[Path, IO[str]]) -> Path:
    return serving[0]


@pytest.mark.system
def test_commands_ask_the_box_that_runs(served: Path) -> None:
    assert not json.loads(run("status", "--data", str(served), "--json"))["is_syncing"]

    result = CliRunner().invoke(command, ["sync", "--data", str(served)])
    assert isinstance(result.exception, CallerFault)
    assert "This box belongs to no hub yet." == result.exception.sentence


@pytest.mark.system
def test_a_second_server_is_refused_with_its_exit_code(served: Path) -> None:
    words = ["box", "serve", "--data", str(served), "--port", str(_free_port())]
    result = subprocess.run([sys.executable, "-m", "provisioning", *words], capture_output=True, text=True, check=False)

    assert 4 == result.returncode
    assert "Another process is using the box" in result.stderr


@pytest.mark.system
def test_a_box_that_runs_is_reset_and_opens_anew(serving: tuple[Path, IO[str]]) -> None:
    """The same process goes on, as another box: with another code on its label."""
    served, lines = serving
    former = json.loads(run("status", "--data", str(served), "--json"))["box"]

    run("reset", "--data", str(served), "--yes")

    opened = [lines.readline() for _ in range(1 + LINES_MAX)]
    assert "opened anew" in opened[0]
    assert former != json.loads(run("status", "--data", str(served), "--json"))["box"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
