"""Jobs: what takes minutes with a draft, done in the background, one after the other.

* A job that a falling hub left is begun again when it is opened; one that fell three times is said to be broken.
* One process works at a time; a hub that closes does not wait for the end of an import.
* How far it is stands in the draft's row, at most once a second.
"""

import fcntl
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from catalog.fault import BoxFault, Fault
from catalog.publish import Catalog, Prepared, let_go, prepare
from catalog.renditions.studio import Studio
from sync.clock import Clock
from sync.hub.drafts.draft import Draft
from sync.hub.drafts.drafts import Drafts

logger = logging.getLogger(__name__)

TRIES_MAX = 3
LOOK_AGAIN_SECONDS = 60
"""How often the thread looks for what another process left to do."""
PROGRESS_SECONDS = 1.0
LOCK = ".lock"


class Closing(Exception):
    """The hub closes in the middle of an import."""


class Jobs:
    """Imports drafts. `is_welcome` judges a course's name, `weigh` says what an imported draft would cost."""

    def __init__(
        self,
        catalog: Catalog,
        drafts: Drafts,
        clock: Clock,
        is_welcome: Callable[[str], None],
        weigh: Callable[[], int] = lambda: 0,
    ) -> None:
        self._catalog = catalog
        self._drafts = drafts
        self._clock = clock
        self._is_welcome = is_welcome
        self._weigh = weigh
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_closing = False
        self._is_untidy = False

    def do_waiting(self) -> int:
        """Do everything that waits, unless another process does. Returns how many drafts were imported."""
        count = 0
        with self._turn() as is_ours:
            if not is_ours:
                return 0
            while not self._is_closing and (draft := self._drafts.claim()) is not None:
                self._import(draft)
                count += 1
            if not self._is_closing:
                self._weigh()
            if self._is_untidy and not self._is_closing:
                self._tidy()
        return count

    def discard(self, draft: str) -> None:
        """Throw a draft away; the room that it took is free once nothing else is being done."""
        self._drafts.discard(draft)
        self._is_untidy = True
        self.wake()

    def tidy(self) -> None:
        """Free what belonged to drafts that are no more; where something is being taken in just now, later."""
        with self._turn() as is_ours:
            if is_ours:
                self._tidy()

    def start(self) -> None:
        """Work from a thread of its own, now and whenever `wake` is called."""
        self._thread = threading.Thread(target=self._run, name="drafts", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There is something to do."""
        self._wake.set()

    def close(self) -> None:
        """Let go of what is being imported and stop; it is begun again with the next start."""
        self._is_closing = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._is_closing:
            self._wake.clear()
            # Where the database or the disk does not answer, whoever opens a page is told; the next turn tries again.
            with suppress(Fault):
                self.do_waiting()
            self._wake.wait(LOOK_AGAIN_SECONDS)

    def _import(self, draft: Draft) -> None:
        if self._drafts.tries(draft.id) > TRIES_MAX:
            self._drafts.broke(draft.id, _fell())
            return
        told_seconds = -PROGRESS_SECONDS

        def hear(done_bytes: int, total_bytes: int) -> None:
            nonlocal told_seconds
            if self._is_closing:
                raise Closing
            now_seconds = self._clock.now().monotonic_seconds
            if now_seconds - told_seconds >= PROGRESS_SECONDS:
                told_seconds = now_seconds
                self._drafts.progress(draft.id, done_bytes, total_bytes)

        chunks, language = self._drafts.chunks, (draft.about.languages or ("en",))[0]

        def keep(prepared: Prepared) -> None:
            former = self._catalog.releases.latest(prepared.release.course)
            self._drafts.imported(draft.id, prepared.release, prepared.report, former)

        try:
            prepare(
                [chunks.place(draft.id, file.number, file.name) for file in draft.files],
                self._catalog,
                now_seconds=self._clock.now().wall_seconds,
                course=draft.course or None,
                title=draft.about.title.get(language) or None,
                language=language,
                progress=hear,
                studio=Studio.found(),
                is_welcome=self._is_welcome,
                keep=keep,
            )
        except Closing:
            self._drafts.put_off(draft.id)
        except Fault as fault:
            self._drafts.broke(draft.id, fault)
        except Exception as error:
            logger.exception("An import failed", exc_info=error)
            self._drafts.broke(draft.id, _mistaken())

    def _tidy(self) -> None:
        self._is_untidy = False
        self._drafts.chunks.sweep({draft.id for draft in self._drafts.all()})
        let_go(self._catalog, self._drafts.layer_roots)

    @contextmanager
    def _turn(self) -> Iterator[bool]:
        with self._lock_file().open("wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    def _lock_file(self) -> Path:
        return self._drafts.chunks.folder / LOCK


def _mistaken() -> BoxFault:
    return BoxFault(
        "The import met something that it does not know how to take.",
        "Send the file to whoever looks after this hub, with the hub's log; another form of the course may work.",
    )


def _fell() -> BoxFault:
    return BoxFault(
        f"The import was begun {TRIES_MAX} times, and the hub ended in the middle of it each time.",
        "It may need more memory or disk than this machine has: divide the course, or import it on a larger one.",
    )
