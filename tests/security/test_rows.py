"""The table of rows in docs/security.md and the tests that hold it: none is missing on either side."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
ROWS = range(1, 41)
STATES = ("tested", "tested; not here", "tested in part; later")
_ROW = re.compile(r"^\| (?P<number>\d+) [^|]*\| [^|]+ \| (?P<state>[^|]+) \| (?P<tests>[^|]+) \|$", re.MULTILINE)
_FILE = re.compile(r"`([\w/]+\.py)`")
_TEST = re.compile(r"test_row_(\d\d)_")


def table() -> dict[int, tuple[str, set[str]]]:
    """Each row's state, and the files that it names."""
    text = (ROOT / "docs/security.md").read_text()
    return {int(row["number"]): (row["state"], set(_FILE.findall(row["tests"]))) for row in _ROW.finditer(text)}


def named_tests(folder: Path) -> Iterator[tuple[int, str]]:
    """Every test that bears a row's number, and the file that it is in."""
    for path in sorted(folder.rglob("test_*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and (found := _TEST.match(node.name)):
                yield int(found[1]), path.relative_to(folder).as_posix()


def missing(rows: dict[int, tuple[str, set[str]]], tests: set[tuple[int, str]]) -> list[str]:
    """What the table says and no test holds, and the other way round."""
    said = {(number, file) for number, (_, files) in rows.items() for file in files}
    return [f"row {number} names {file}, which has no test of it" for number, file in sorted(said - tests)] + [
        f"row {number} does not name {file}, which tests it" for number, file in sorted(tests - said)
    ]


def test_the_table_has_every_row_once() -> None:
    assert list(ROWS) == sorted(table())


def test_every_row_has_its_tests_and_every_test_its_row() -> None:
    assert [] == missing(table(), set(named_tests(HERE)))


def test_no_row_is_without_a_test() -> None:
    assert [] == [number for number, (_, files) in table().items() if not files]


def test_what_a_row_waits_for_is_said_in_its_state() -> None:
    assert [] == [state for state, _ in table().values() if not state.startswith(STATES)]


def test_a_row_whose_test_is_gone_is_found() -> None:
    spoilt = table() | {13: ("tested", {"test_nowhere.py"})}

    assert ["row 13 names test_nowhere.py, which has no test of it"] == missing(spoilt, set(named_tests(HERE)))[:1]
