"""Finding things: `python -m tests.bench.finding` (recall, spelling, milliseconds at 50,000 items, megabytes of index).

* The words and the ways of writing are those of the research that the bars come from, and three languages more; the
  catalogue is drawn from one seed. Peers are the tokenisers of SQLite on the same rows.
* Recall is counted over every item that has the word; milliseconds are those of `Index.find`, snippets included, and
  this machine's: no test asserts them. `ITEMS=5000` makes a smaller catalogue, `JSON=1` one line of JSON last.
* What a text costs to read is measured on what is handed over in `FILES`, a list of paths with commas between.
"""

import os
import random
import resource
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from catalog.search import index as index_
from catalog.search.card import Card, Naming
from catalog.search.folding import pieces
from catalog.search.index import FILE, Index
from catalog.search.question import Question
from catalog.search.snippet import snippet
from catalog.search.texts.reader import Reader
from tests.bench.table import Row, show
from tests.catalog.search.measured_words import VARIANTS, WORDS, Item, catalogue

ITEMS = int(os.environ.get("ITEMS", "50000"))
RECALL_MIN = 0.99
VARIANTS_MIN = 15
MILLISECONDS_MAX = 50
SHOWN = 20
KINDS = {".pdf": "document", ".epub": "book", ".vtt": "captions", ".srt": "captions", ".html": "page"}


TITLE = f"Finding in {ITEMS:,} items, {len(WORDS)} languages"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="qanat-finding-") as place:
        show(TITLE, list(rows(Path(place))))


def rows(folder: Path) -> Iterator[Row]:
    """The table's rows; `folder` is empty, and gets the index."""
    items = catalogue(ITEMS, random.Random(5))
    index, seconds = _indexed(folder, items)
    yield from _recall_rows(index, items)
    yield from _time_rows(index)
    yield from _size_rows(index, folder, seconds)
    index.close()
    yield from _spelling_rows()
    yield from _reading_rows()


def _indexed(folder: Path, items: Sequence[Item]) -> tuple[Index, float]:
    index = Index(folder)
    before = time.process_time()
    index.put_course(Card("c", "r", ()), [Naming(str(at), item.title, item.about) for at, item in enumerate(items)], [])
    return index, time.process_time() - before


def _recall_rows(index: Index, items: Sequence[Item]) -> Iterator[Row]:
    """How much of what has a word is found by it; beside it SQLite's own tokeniser, on the same rows."""
    plain = sqlite3.connect(":memory:")  # noqa: TID251 - the peer's table
    plain.execute("create virtual table word using fts5 (title, about)")
    plain.executemany(
        "insert into word (rowid, title, about) values (?, ?, ?)",
        ((at, item.title, item.about) for at, item in enumerate(items)),
    )
    index_.ROWS_MAX, shown = len(items), index_.ROWS_MAX
    for language, words in WORDS.items():
        ours, theirs = [], []
        for word in words:
            wanted = {at for at, item in enumerate(items) if item.language == language and word in item.words}
            asked = Question.of(word).all_of_it()
            found = index.database.read().execute(
                "select cast(activity as integer) from piece where id in (select rowid from word where word match ?)",
                [asked],
            )
            ours.append(len({row[0] for row in found.fetchall()} & wanted) / len(wanted))
            by_plain = plain.execute("select rowid from word where word match ?", [f'"{word}"']).fetchall()
            theirs.append(len({row[0] for row in by_plain} & wanted) / len(wanted))
        recall = statistics.mean(ours)
        yield Row(
            f"recall {language}",
            f"unicode61 {statistics.mean(theirs):.3f}",
            f"{recall:.3f}",
            f">= {RECALL_MIN}",
            recall >= RECALL_MIN,
            recall,
        )
    index_.ROWS_MAX = shown
    plain.close()


def _time_rows(index: Index) -> Iterator[Row]:
    """One word, two words of one language, a beginning, and two letters; with the snippets of what is shown."""
    words = [word for ones in WORDS.values() for word in ones]
    pairs = [f"{ones[at]} {ones[at + 1]}" for ones in WORDS.values() for at in range(0, len(ones) - 1, 3)]
    ways = {
        "a word": words,
        "two words": pairs,
        "a beginning": [word[:4] for word in words],
        "two letters": ["al", "фи", "فن", "ရေ"],
    }
    for name, asked in ways.items():
        taken = [_milliseconds(index, one) for one in asked]
        middle, most = statistics.median(taken), statistics.quantiles(taken, n=20)[-1]
        yield Row(
            f"{name}: ms, median (p95)", "-", f"{middle:.1f} ({most:.1f})", f"<= {MILLISECONDS_MAX}",
            middle <= MILLISECONDS_MAX, middle,
        )  # fmt: skip


def _milliseconds(index: Index, typed: str) -> float:
    before = time.perf_counter()
    question = Question.of(typed)
    for row in index.find(question)[:SHOWN]:
        snippet(row.about, question)
    return (time.perf_counter() - before) * 1000


def _size_rows(index: Index, folder: Path, seconds: float) -> Iterator[Row]:
    sizes = index.database.read().execute("select sum(pgsize) from dbstat where name like 'word%'").fetchone()
    index.database.read().execute("select 1").fetchone()
    yield Row("words table: MB", "trigram 41", f"{sizes[0] / 1e6:.1f}", "<= 15", sizes[0] <= 15e6, sizes[0] / 1e6)
    whole = (folder / FILE).stat().st_size
    yield Row("with titles and descriptions: MB", "-", f"{whole / 1e6:.1f}", "-", None, whole / 1e6)
    yield Row("making it: CPU s", "-", f"{seconds:.1f}", "-", None, seconds)


def _spelling_rows() -> Iterator[Row]:
    """Words as they stand in a course, and as somebody types them."""
    found = 0
    for _, written, typed in VARIANTS:
        table = sqlite3.connect(":memory:")  # noqa: TID251 - one row
        table.execute("create virtual table word using fts5 (text, content = '', tokenize = 'ascii')")
        table.execute("insert into word (text) values (?)", [" ".join(pieces(written))])
        asked = Question.of(typed).all_of_it()
        found += table.execute("select count(*) from word where word match ?", [asked]).fetchone()[0]
        table.close()
    yield Row(
        f"ways of writing, of {len(VARIANTS)}", "unicode61 7, trigram 4", str(found), f">= {VARIANTS_MIN}",
        found >= VARIANTS_MIN, found,
    )  # fmt: skip


def _reading_rows() -> Iterator[Row]:
    """What the text of files costs to read, in a child as on a box."""
    for path in (Path(one) for one in os.environ.get("FILES", "").split(",") if one):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with Reader() as reader:
            found = list(reader.read(path.resolve(), KINDS[path.suffix]))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        letters = sum(len(piece.text) for piece in found)
        says = f"{seconds:.2f} CPU s, {letters:,} letters"
        yield Row(f"reading {path.name}", "-", says, "-", None, seconds)


if __name__ == "__main__":
    main()
