"""Found by cases at the door `box-backups`: what was no database left its file open, or was said in no sentence."""

from pathlib import Path

import pytest

from catalog import store
from catalog.db import Database
from catalog.fault import BoxFault


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("content", [b"no database" * 500, b"SQLite format 3\0" + b"\xff" * 4_080])
def test_a_file_that_is_no_database_is_closed_again(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "box.db").write_bytes(content)
    before = _open_files()

    with pytest.raises(BoxFault) as refused:
        Database(tmp_path / "box.db", [store.migrations])

    assert refused.value.hint
    assert before == _open_files()
