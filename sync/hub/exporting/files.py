"""Files of an export: CSV that a spreadsheet opens, Parquet that analysts load.

* A file is whole under its name or not there at all. Rows are written as they are read.
* A cell of CSV that a spreadsheet would take for a formula gets an apostrophe before it; a number does not.
* Only their owner can read them, from their first byte on.
* Parquet comes as one folder a table, in parts of so many rows each.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from catalog import durable
from catalog.fault import CallerFault
from sync.hub.exporting.rows import Row, Table, Type

PART_ROWS = 200_000
BATCH_ROWS = 5_000
MODE = 0o600
"""What learners did is for whoever asked for it, until they give it on."""
_FORMULA = re.compile(r"[=@\t\r]|[+-](?!\d+([.,]\d+)?$)")


def write_csv(folder: Path, table: Table, rows: Iterable[Row]) -> int:
    """Write one table as `<name>.csv`. Returns how many rows."""
    count = 0
    with durable.replacing(folder / f"{table.name}.csv", MODE) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        writer = csv.writer(text)
        writer.writerow(table.columns)
        for row in rows:
            writer.writerow([cell(value) for value in row])
            count += 1
        text.detach()
    return count


def write_parquet(folder: Path, table: Table, rows: Iterable[Row]) -> int:
    """Write one table as the parts `<name>/part-00001.parquet` and on. Returns how many rows.

    Raises CallerFault where Parquet is not installed.
    """
    import arro3.core as arrow
    from arro3.io import write_parquet as write

    place = folder / table.name
    place.mkdir()
    types = {Type.TEXT: arrow.DataType.utf8(), Type.WHOLE: arrow.DataType.int64()}
    kinds = [types[kind] for kind in table.columns.values()]
    schema = arrow.Schema(
        [arrow.Field(name, kind, nullable=True) for name, kind in zip(table.columns, kinds, strict=True)]
    )

    def packed(batch: Sequence[Row]) -> "arrow.RecordBatch":
        columns = [arrow.Array([row[column] for row in batch], kind) for column, kind in enumerate(kinds)]
        return arrow.RecordBatch.from_arrays(columns, schema=schema)

    count, following = 0, iter(rows)
    while True:
        # Packed as they come: what waits for its part to be full takes little room.
        part = [packed(batch) for batch in _batches(following)]
        part_rows = sum(batch.num_rows for batch in part)
        if part_rows or count == 0:
            with durable.replacing(place / f"part-{count // PART_ROWS + 1:05}.parquet", MODE) as file:
                write(arrow.RecordBatchReader.from_batches(schema, part), file, compression="zstd(3)")
        count += part_rows
        if part_rows < PART_ROWS:
            return count


def write_lines(path: Path, lines: Iterable[bytes]) -> int:
    """Write lines as they come. Returns how many."""
    count = 0
    with durable.replacing(path, MODE) as file:
        for line in lines:
            file.write(line)
            count += 1
    return count


def check_parquet() -> None:
    """Raises CallerFault where Parquet is not installed."""
    try:
        import arro3.core
        import arro3.io  # noqa: F401 - looked for, not used here
    except ImportError as error:
        raise CallerFault(
            "Parquet is not installed at this hub.",
            "Install it where the hub was installed: `pip install --require-hashes --requirement lock/parquet.txt`;"
            " or export as csv.",
        ) from error


def _batches(rows: Iterator[Row]) -> Iterator[Sequence[Row]]:
    """The rows of one part, a batch at a time."""
    for _ in range(PART_ROWS // BATCH_ROWS):
        batch = list(islice(rows, BATCH_ROWS))
        if not batch:
            return
        yield batch


def cell(value: str | int | None) -> str | int:
    if value is None:
        return ""
    if isinstance(value, str) and _FORMULA.match(value):
        return f"'{value}"
    return value
