"""Indexing: what is on the shelf becomes findable, a little at a time, and never in a learner's request.

* Each minute: first the names of courses that are new on the shelf, then the text of their files, until the step's time
  is over; what was read is kept, and the next minute goes on. A course that left the shelf leaves the index first.
* The files are read by a child that yields to everything else (`catalog/search/texts/reader.py`); here is only written
  what it says, some dozens of files in one transaction.
* While a session or a stick is at work, and once the box is told to stop, it waits.
* The index can be lost at any time: it is built again from what is on the shelf.
"""

import threading
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.fault import BoxFault
from catalog.shelf import Shelf, Shelved
from catalog.store import Store
from sync.clock import Clock

if TYPE_CHECKING:
    # Loaded when somebody first searches, or a minute after the start: the first page needs none of it.
    from catalog.search.card import Card, Source
    from catalog.search.index import Index
    from catalog.search.texts.piece import Piece
    from catalog.search.texts.reader import Reader

STEP_SECONDS = 20
"""No file is begun after so long; the next minute goes on."""
BATCH_FILES = 64
BATCH_LETTERS = 1_000_000


class Indexing:
    """The index of one box, and how it follows the shelf."""

    def __init__(self, data: Path, shelf: Shelf, store: Store, clock: Clock, is_busy: Callable[[], bool]) -> None:
        self._data = data
        self._shelf = shelf
        self._store = store
        self._clock = clock
        self._is_busy = is_busy
        self._opening = threading.Lock()
        self._working = threading.Lock()
        self._reader: Reader | None = None
        self._is_stopped = False

    @cached_property
    def _opened(self) -> "Index":
        from catalog.search.index import Index

        return Index(self._data)

    @property
    def index(self) -> "Index":
        """The index; opened by whoever asks first."""
        with self._opening:
            return self._opened

    def tick(self, *, waits: bool = False) -> bool:
        """Do one step; says whether all that is on the shelf can be found. `waits` for a step that is under way."""
        if self._is_stopped or self._is_busy() or not self._working.acquire(blocking=waits):
            return False
        try:
            return self._step(self._clock.now().monotonic_seconds + STEP_SECONDS)
        finally:
            self._working.release()

    def is_whole(self) -> bool:
        """Whether all that is on the shelf can be found."""
        known = self.index.cards()
        return all(_is_read(known.get(one.course), one) for one in self._shelf.shelved())

    def read_count(self) -> int:
        """How many files were read: more after each step that read any."""
        return self.index.sources_count()

    def stop(self) -> None:
        """End what is under way, and let the index go."""
        self._is_stopped = True
        if self._reader is not None:
            self._reader.stop()
        with self._working, self._opening:
            if "_opened" in self.__dict__:
                self._opened.close()

    def _step(self, until_seconds: float) -> bool:
        from catalog.search.texts.reader import Reader

        known = self.index.cards()
        shelved = self._shelf.shelved()
        if known.keys() - {one.course for one in shelved}:
            self.index.drop_others(one.course for one in shelved)
        for one in shelved:
            if not _is_known(known.get(one.course), one):
                self._take_names(one)
        unread = [one for one in shelved if not _is_read(known.get(one.course), one)]
        if not unread:
            return True
        with Reader() as reader:
            self._reader = reader
            try:
                return all(self._read(one, reader, until_seconds) for one in unread)
            finally:
                self._reader = None

    def _take_names(self, one: Shelved) -> None:
        from catalog.search.sources import card_of, names_of, sources_of

        release = self._shelf.releases.release(one.root)
        if release is not None:
            sources = sources_of(release, self._shelf.releases.layers(one.root))
            self.index.put_course(card_of(release, one.layers), names_of(release), sources)

    def _read(self, one: Shelved, reader: "Reader", until_seconds: float) -> bool:
        """Read the files of a course whose text is not here yet; says whether that was all of them."""
        from catalog.search.sources import sources_of

        release = self._shelf.releases.release(one.root)
        if release is None:
            return False
        lacking = self.index.lacking(one.course, sources_of(release, self._shelf.releases.layers(one.root)))
        batch: list[tuple[Source, list[Piece]]] = []
        letters = 0
        for source in lacking:
            if self._is_over(until_seconds):
                break
            pieces = self._pieces(source, reader)
            if reader.is_stopped:
                break  # half a file: it is read again
            batch.append((source, pieces))
            letters += sum(len(piece.text) for piece in pieces)
            if len(batch) >= BATCH_FILES or letters >= BATCH_LETTERS:
                self.index.put_texts(one.course, batch)
                batch, letters = [], 0
        else:
            if batch:
                self.index.put_texts(one.course, batch)
            self.index.mark_read(one.course, one.root)
            return True
        if batch:
            self.index.put_texts(one.course, batch)
        return False

    def _is_over(self, until_seconds: float) -> bool:
        return self._is_stopped or self._is_busy() or self._clock.now().monotonic_seconds >= until_seconds

    def _pieces(self, source: "Source", reader: "Reader") -> "list[Piece]":
        try:
            path = self._store.path(source.digest)
        except BoxFault:
            return []  # it has rotted, and is mended at night; its text is read when its course changes
        return list(reader.read(path, source.kind))


def _is_known(card: "Card | None", one: Shelved) -> bool:
    return card is not None and (card.root, card.layers) == (one.root, tuple(sorted(one.layers)))


def _is_read(card: "Card | None", one: Shelved) -> bool:
    return _is_known(card, one) and card is not None and card.is_read
