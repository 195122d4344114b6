"""Drafts: files that come in parts, an import that outlives the hub, and what is published in the end."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from catalog.about import About
from catalog.fault import DiskFull
from catalog.publish import let_go
from sync.hub.drafts import chunks as chunks_
from sync.hub.drafts.draft import CHUNK_BYTES, DraftRefused, NoSuchDraft, State
from sync.hub.drafts.jobs import TRIES_MAX
from sync.hub.engine import writing
from sync.hub.hub import Hub
from sync.hub.schema import draft as draft_table
from tests.sync.hub.drafts.conftest import site

Make = Callable[..., str]
FILM = random.Random(5).randbytes(CHUNK_BYTES + 1000)


def opened_again(hub: Hub, tmp_path: Path, clock: Any, random_bytes: Any, database_url: str | None) -> Hub:
    """The hub falls, without a word, and is opened again."""
    return Hub.open(tmp_path / "hub", clock, random_bytes, database_url)


# ---- files ----


def test_what_has_come_stays_when_the_hub_is_opened_again(
    hub: Hub, tmp_path: Path, clock: Any, random_bytes: Any, database_url: str | None
) -> None:
    draft = hub.drafts.make(About(languages=("en",)), "water", "Rana")
    package = site("Water", film=FILM)
    hub.drafts.announce(draft, [("water.zip", len(package))])
    hub.drafts.put(draft, 0, 1, package[CHUNK_BYTES:])

    again = opened_again(hub, tmp_path, clock, random_bytes, database_url)
    again.drafts.announce(draft, [("water.zip", len(package))])

    (file,) = again.drafts.find(draft).files
    assert ((0,), False) == (file.missing, again.drafts.find(draft).is_whole)
    again.drafts.put(draft, 0, 0, package[:CHUNK_BYTES])
    again.drafts.begin(draft)
    again.jobs.do_waiting()
    assert State.READY is again.drafts.find(draft).state
    again.close()


def test_the_same_part_twice_is_the_same_part(hub: Hub) -> None:
    draft = hub.drafts.make(About(languages=("en",)), "", "Rana")
    hub.drafts.announce(draft, [("a.zip", 5)])

    for _ in range(2):
        hub.drafts.put(draft, 0, 0, b"hello")

    assert b"hello" == hub.drafts.chunks.place(draft, 0, "a.zip").read_bytes()
    assert hub.drafts.find(draft).is_whole


@pytest.mark.parametrize(("chunk", "data"), [(0, b"hell"), (0, b"hello!"), (1, b"h"), (1, b""), (9, b"hello")])
def test_a_part_that_is_none_of_the_file_is_refused_and_nothing_is_written(hub: Hub, chunk: int, data: bytes) -> None:
    draft = hub.drafts.make(About(languages=("en",)), "", "Rana")
    hub.drafts.announce(draft, [("a.zip", 5)])

    with pytest.raises(DraftRefused, match=f"Part {chunk} of a.zip"):
        hub.drafts.put(draft, 0, chunk, data)

    assert not hub.drafts.chunks.place(draft, 0, "a.zip").exists()
    assert (0,) == hub.drafts.find(draft).files[0].missing


def test_files_for_which_there_is_no_room_are_refused_before_the_first_byte(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = hub.drafts.make(About(languages=("en",)), "", "Rana")
    monkeypatch.setattr(chunks_, "free_bytes", lambda folder: 300 << 20)

    with pytest.raises(DiskFull, match="MiB free"):
        hub.drafts.announce(draft, [("a.zip", 100 << 20)])

    assert () == tuple(hub.drafts.find(draft).files)


def test_more_than_this_hub_takes_is_refused(hub: Hub) -> None:
    hub.drafts.bytes_max = 1000
    draft = hub.drafts.make(About(languages=("en",)), "", "Rana")

    with pytest.raises(DraftRefused, match="at most 0 MB"):
        hub.drafts.announce(draft, [("a.zip", 600), ("b.zip", 600)])


def test_files_that_a_backup_does_not_hold_come_again(hub: Hub, drafts: Make) -> None:
    package = site("Water")
    draft = drafts("water", {"water.zip": package})
    hub.drafts.chunks.drop(draft)

    with pytest.raises(DraftRefused, match="Not all of the files"):
        hub.drafts.begin(draft)

    hub.drafts.announce(draft, [("water.zip", len(package))])
    hub.drafts.put(draft, 0, 0, package)
    hub.drafts.begin(draft)
    assert 1 == hub.jobs.do_waiting()


def test_a_draft_is_not_imported_before_all_of_it_is_here(hub: Hub) -> None:
    draft = hub.drafts.make(About(languages=("en",)), "", "Rana")
    hub.drafts.announce(draft, [("a.zip", 5)])

    with pytest.raises(DraftRefused, match="Not all of the files"):
        hub.drafts.begin(draft)


# ---- the import ----


def test_what_the_import_found_is_kept_and_nothing_is_published(hub: Hub, imported: Make) -> None:
    draft = hub.drafts.find(imported("water", {"water.zip": site("Water", "two.html")}))

    assert (State.READY, {"en": "Water"}) == (draft.state, draft.said.title)
    assert draft.report is not None
    assert "html-zip" == draft.report["format"]
    assert [] == hub.catalog.releases.all_latest()
    assert 0 == hub.packing.build_missing()
    assert [] == list((hub.data / "drafts").glob(f"{draft.id}/*")), "what they held is in the store"


def test_a_package_that_cannot_be_taken_says_why_and_can_be_tried_again(hub: Hub, drafts: Make) -> None:
    draft = drafts("water", {"water.zip": b"PK\x03\x04 and then nothing"})
    hub.drafts.begin(draft)

    hub.jobs.do_waiting()

    found = hub.drafts.find(draft)
    assert State.BROKEN is found.state
    assert all(found.fault), "a sentence and what to do next"
    hub.drafts.begin(draft)
    assert State.WAITING is hub.drafts.find(draft).state


def test_an_import_that_the_hub_fell_in_is_begun_again(
    hub: Hub, drafts: Make, tmp_path: Path, clock: Any, random_bytes: Any, database_url: str | None
) -> None:
    draft = drafts("water", {"water.zip": site("Water")})
    hub.drafts.begin(draft)
    assert hub.drafts.claim() is not None  # and here it falls

    again = opened_again(hub, tmp_path, clock, random_bytes, database_url)

    assert State.IMPORTING is again.drafts.find(draft).state
    assert 1 == again.jobs.do_waiting()
    assert State.READY is again.drafts.find(draft).state
    again.close()


def test_an_import_in_which_the_hub_falls_again_and_again_is_said_to_be_broken(hub: Hub, drafts: Make) -> None:
    draft = drafts("water", {"water.zip": site("Water")})
    hub.drafts.begin(draft)
    for _ in range(TRIES_MAX):
        hub.drafts.claim()

    hub.jobs.do_waiting()

    assert State.BROKEN is hub.drafts.find(draft).state
    assert f"begun {TRIES_MAX} times" in hub.drafts.find(draft).fault[0]


def test_a_hub_that_closes_lets_go_of_the_import_and_counts_no_fall(hub: Hub, drafts: Make) -> None:
    draft = drafts("water", {"water.zip": site("Water", film=FILM)})
    hub.drafts.begin(draft)
    claimed = hub.drafts.claim()
    assert claimed is not None

    hub.jobs.close()
    hub.jobs._import(claimed)

    assert (State.WAITING, 0) == (hub.drafts.find(draft).state, hub.drafts.tries(draft))
    assert 0 == hub.catalog.store.count()


def test_a_mistake_of_an_importer_breaks_the_draft_and_not_the_hub(
    hub: Hub, drafts: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise ValueError("a mistake of ours")

    broken, whole = drafts("sand", {"sand.zip": site("Sand")}), drafts("water", {"water.zip": site("Water")})
    hub.drafts.begin(broken)
    with monkeypatch.context() as failing:
        failing.setattr("sync.hub.drafts.jobs.prepare", fails)
        hub.jobs.do_waiting()
    hub.drafts.begin(whole)
    hub.jobs.do_waiting()

    assert (State.BROKEN, State.READY) == (hub.drafts.find(broken).state, hub.drafts.find(whole).state)


def test_how_far_an_import_is_can_be_read_meanwhile(hub: Hub, drafts: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = drafts("water", {"water.zip": site("Water", film=FILM)})
    heard: list[tuple[int, int]] = []
    told = hub.drafts.progress

    def note(name: str, done_bytes: int, total_bytes: int) -> None:
        told(name, done_bytes, total_bytes)
        found = hub.drafts.find(name)
        heard.append((found.done_bytes, found.total_bytes))

    monkeypatch.setattr(hub.drafts, "progress", note)
    hub.drafts.begin(draft)
    hub.jobs.do_waiting()

    assert 1 == len(heard), "at most once a second, and this clock stands still"
    assert 0 < heard[0][0] <= heard[0][1]


# ---- what becomes of it ----


def test_a_draft_that_is_thrown_away_leaves_nothing(hub: Hub, imported: Make) -> None:
    draft = imported("water", {"water.zip": site("Water", film=FILM)})
    assert hub.catalog.store.count() > 0

    hub.jobs.discard(draft)
    hub.jobs.do_waiting()

    assert (0, []) == (hub.catalog.store.count(), hub.drafts.layer_roots())
    with pytest.raises(NoSuchDraft):
        hub.drafts.find(draft)


def test_what_another_draft_and_a_release_are_made_of_stays(hub: Hub, imported: Make, lesson: Path) -> None:
    release = hub.publish([lesson]).release
    kept = imported("sand", {"sand.zip": site("Sand")})
    gone = imported("stone", {"stone.zip": site("Stone")})

    hub.jobs.discard(gone)
    hub.jobs.do_waiting()

    digests = {entry.digest for layer in hub.catalog.releases.layers(release.root) for entry in layer.entries}
    assert [] == hub.catalog.store.missing(digests)
    assert hub.publishing.publish_draft(hub.drafts.find(kept))[1]
    assert ["sand", "water"] == [one.course for one in hub.catalog.releases.all_latest()]


def test_a_draft_is_published_with_its_words_and_its_report(hub: Hub, imported: Make, box: Any) -> None:
    draft = imported("water", {"water.zip": site("Water")})
    about = About.written(
        title={"en": "Water", "ar": "الماء"}, description={"en": "How water moves."}, languages=("en", "ar"),
        licence="CC-BY-4.0", subjects=("Physics", " physics of  water ", "Physics"), level="primary",
    )  # fmt: skip
    hub.drafts.say(draft, about, hub.drafts.find(draft).choice)

    release, is_new = hub.publishing.publish_draft(hub.drafts.find(draft))

    assert (True, 1, {"en": "Water", "ar": "الماء"}, "CC-BY-4.0") == (
        is_new, release.version, dict(release.title), release.licence,
    )  # fmt: skip
    assert {"subjects": ["Physics", "physics of water"], "level": "primary"} == release.extra
    finding = hub.publishing.finding("water")
    assert finding is not None
    assert (1, "html-zip") == (finding.version, finding.document["format"])
    hub.packing.build_missing()
    assert ["water"] == [parcel.course for parcel in box.sends().plan]
    assert [] == hub.drafts.all()


def test_a_new_version_says_again_what_was_said_of_the_former_one(hub: Hub, imported: Make) -> None:
    first = imported("water", {"water.zip": site("Water")})
    about = About.written(
        title={"en": "Water", "fr": "L'eau"}, languages=("en", "fr"), licence="CC0-1.0", subjects=("Physics",)
    )
    hub.drafts.say(first, about, hub.drafts.find(first).choice)
    hub.publishing.publish_draft(hub.drafts.find(first))

    second = hub.drafts.find(imported("water", {"water.zip": site("Water again")}))

    assert ({"en": "Water", "fr": "L'eau"}, "CC0-1.0", ("Physics",)) == (
        dict(second.said.title), second.said.licence, second.about.subjects,
    )  # fmt: skip


def test_what_is_known_already_is_not_put_off(hub: Hub, imported: Make, box: Any, clock: Any) -> None:
    """The same files again, with a time: boxes have this version, and go on having it."""
    package = {"water.zip": site("Water")}
    hub.publishing.publish_draft(hub.drafts.find(imported("water", package)))
    hub.packing.build_missing()

    again = hub.drafts.find(imported("water", package))
    later = replace(again, choice=replace(again.choice, due_seconds=clock.wall_seconds + 999))
    release, is_new = hub.publishing.publish_draft(later)
    hub.packing.build_missing()

    assert (1, False, None) == (release.version, is_new, hub.publishing.due_seconds(release.root))
    assert ["water"] == [parcel.course for parcel in box.sends().plan]


def test_while_another_process_imports_this_one_waits(hub: Hub, drafts: Make) -> None:
    draft = drafts("water", {"water.zip": site("Water")})
    hub.drafts.begin(draft)

    with hub.jobs._turn() as is_ours:
        assert is_ours
        assert 0 == hub.jobs.do_waiting()

    assert 1 == hub.jobs.do_waiting()


def test_what_was_just_taken_in_is_let_go_by_nobody(hub: Hub, drafts: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process tidies up in the moment between the files and the draft's row."""
    draft = drafts("water", {"water.zip": site("Water")})
    hub.drafts.begin(draft)
    imported = hub.drafts.imported

    def tidied_before(*said: Any) -> bool:
        let_go(hub.catalog, hub.drafts.layer_roots)
        return imported(*said)

    monkeypatch.setattr(hub.drafts, "imported", tidied_before)
    hub.jobs.do_waiting()

    assert hub.publishing.publish_draft(hub.drafts.find(draft))[1]


def test_a_hundred_drafts_are_bounded(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.hub.drafts.drafts.DRAFTS_MAX", 2)
    for _ in range(2):
        hub.drafts.make(About(), "", "Rana")

    with pytest.raises(DraftRefused, match="2 drafts"):
        hub.drafts.make(About(), "", "Rana")


def test_the_files_of_a_draft_that_is_in_no_row_go_with_the_next_start(hub: Hub, drafts: Make) -> None:
    draft = drafts("water", {"water.zip": site("Water")})
    with writing(hub.engine) as connection:
        for table in ("draft_chunk", "draft_file"):
            connection.exec_driver_sql(f"delete from {table}")
        connection.execute(draft_table.delete())

    hub.clear_uploads()

    assert not (hub.data / "drafts" / draft).exists()
