"""Kolibri channels: topics, films with captions, documents, programs and exercises, made here as Kolibri keeps them."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import sqlite_utils

from catalog import db
from catalog.fault import ContentFault
from catalog.importers.course import Imported
from catalog.questions.bank import Bank
from catalog.store import Store
from tests.catalog.conftest import film_bytes

Read = Callable[..., Imported]
CHANNEL, UNIT = "c" * 32, "1" * 32
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\nxref\n0 1\nstartxref\n9\n%%EOF\n"
SUBTITLES = b"WEBVTT\n\n00:00.000 --> 00:02.000\nWater\n"
RADIO = {
    "question": {
        "content": "What is **water**?\n\n![](${☣ LOCALPATH}/images/a.png)\n\n[[☃ radio 1]]",
        "widgets": {
            "radio 1": {
                "type": "radio",
                "options": {"choices": [{"content": "Wet", "correct": True}, {"content": "Dry"}], "randomize": True},
            }
        },
    }
}
NUMBER = {
    "question": {
        "content": "$2 + 2 =$ [[☃ input-number 1]]",
        "widgets": {"input-number 1": {"type": "input-number", "options": {"value": 4, "maxError": 0.5}}},
    }
}
TWO = {
    "question": {
        "content": "[[☃ numeric-input 1]] and [[☃ numeric-input 2]]",
        "widgets": {
            f"numeric-input {number}": {
                "type": "numeric-input",
                "options": {"answers": [{"value": number, "status": "correct"}, {"value": 9, "status": "wrong"}]},
            }
            for number in (1, 2)
        },
    }
}
GRAPH = {"question": {"content": "[[☃ grapher 1]]", "widgets": {"grapher 1": {"type": "grapher", "options": {}}}}}


def zip_of(files: Mapping[str, bytes | str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()


EXERCISE = zip_of(
    {
        "exercise.json": json.dumps({"all_assessment_items": ["radio", "number", "two", "graph", "gone"]}),
        "radio.json": json.dumps(RADIO),
        "number.json": json.dumps(NUMBER),
        "two.json": json.dumps(TWO),
        "graph.json": json.dumps(GRAPH),
        "images/a.png": b"\x89PNG",
    }
)


class Making:
    """A channel on a disk, as Kolibri lays it out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "content" / "databases").mkdir(parents=True)
        self._rows = sqlite_utils.Database(folder / "content" / "databases" / f"{CHANNEL}.sqlite3")
        self._rows["content_channelmetadata"].insert(
            {"id": CHANNEL, "name": "Wells", "description": "How water comes", "root_id": CHANNEL}, pk="id"
        )
        self._rows["content_localfile"].create({"id": str, "extension": str, "file_size": int}, pk="id")
        self._rows["content_file"].create({"id": str, "contentnode_id": str, "priority": int}, pk="id")
        self._left = 0
        self.node(CHANNEL, "topic", "Wells", parent="")

    def node(self, name: str, kind: str, title: str, *files: tuple[bytes, str, str], parent: str = UNIT) -> None:
        self._left += 1
        self._rows["content_contentnode"].insert(
            {"id": name, "parent_id": parent, "kind": kind, "title": title, "lft": self._left, "description": "",
             "license_name": "CC BY", "lang_id": "en", "channel_id": CHANNEL},
            pk="id",
        )  # fmt: skip
        for number, (data, extension, preset) in enumerate(files):
            checksum = hashlib.md5(data).hexdigest()
            is_beside = preset in ("video_subtitle", "video_thumbnail")
            self._rows["content_localfile"].upsert(
                {"id": checksum, "extension": extension, "file_size": len(data)}, pk="id"
            )
            self._rows["content_file"].insert(
                {"id": f"{name}{number}", "contentnode_id": name, "local_file_id": checksum, "preset": preset,
                 "lang_id": "fr" if is_beside else "en", "priority": number, "supplementary": int(is_beside),
                 "thumbnail": int(preset == "video_thumbnail")},
                pk="id", alter=True,
            )  # fmt: skip
            place = self.place(checksum, extension)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)

    def place(self, checksum: str, extension: str) -> Path:
        return self.folder / "content" / "storage" / checksum[0] / checksum[1] / f"{checksum}.{extension}"

    def close(self) -> None:
        self._rows.close()


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[Making]:
    making = Making(tmp_path / "kolibri")
    making.node(UNIT, "topic", "Unit 1", parent=CHANNEL)
    yield making
    making.close()


def whole(channel: Making) -> Making:
    subtitles = (SUBTITLES, "vtt", "video_subtitle")
    channel.node("a" * 32, "video", "A film", (film_bytes(), "mp4", "high_res_video"), subtitles)
    channel.node("b" * 32, "document", "A book", (PDF, "pdf", "document"))
    channel.node("d" * 32, "html5", "A game", (zip_of({"index.html": "<title>x</title>"}), "zip", "html5_zip"))
    channel.node("e" * 32, "exercise", "Questions", (EXERCISE, "perseus", "exercise"))
    channel.node("f" * 32, "slideshow", "Slides", (b"{}", "json", "slideshow_manifest"))
    return channel


def test_a_channel_is_a_course_with_its_topics_as_sections(reading: Read, channel: Making) -> None:
    imported = reading(whole(channel).folder)

    assert [
        ("a" * 32, "video", "A film"), ("b" * 32, "pdf", "A book"), ("d" * 32, "html", "A game"),
        ("e" * 32, "quiz", "Questions"),
    ] == [(one.id, one.kind, one.title["en"]) for one in imported.activities]  # fmt: skip
    assert {"Unit 1"} == {one.attributes["section"] for one in imported.activities}
    assert [{"label": "fr", "language": "fr", "path": f"{'a' * 32}/subtitles-1.vtt"}] == (
        imported.activities[0].attributes["captions"]
    )
    assert ("Wells", "How water comes", "CC BY", "en") == (
        imported.about.title, imported.about.description, imported.about.licence, imported.about.language,
    )  # fmt: skip
    assert "Slides: a slideshow, which no player here shows." in imported.report.left_out
    assert "kolibri" == imported.report.format


def test_a_zip_of_a_channel_is_the_same_course(reading: Read, channel: Making, tmp_path: Path) -> None:
    whole(channel).close()
    with zipfile.ZipFile(tmp_path / "channel.zip", "w") as archive:
        for place in sorted(channel.folder.rglob("*")):
            archive.write(place, place.relative_to(channel.folder))

    assert reading(channel.folder).layers == reading(tmp_path / "channel.zip").layers


def test_plain_exercises_become_questions_and_others_are_named(reading: Read, channel: Making, files: Store) -> None:
    imported = reading(whole(channel).folder)
    entry = next(entry for entry in imported.layers[0].entries if entry.path.endswith("~quiz.json"))
    bank = Bank.from_bytes(files.path(entry.digest).read_bytes())

    assert ["choice", "number", "gaps"] == [question.kind for question in bank.questions]
    choice, number, gaps = bank.questions
    assert [("<p>Wet</p>", 1000), ("<p>Dry</p>", 0)] == [(one.text, one.share) for one in choice.options]
    assert "<strong>water</strong>" in choice.text
    assert 'src="a.png"' in choice.text
    assert ("3.5", "4.5") == (number.gaps[0].accepted[0].answer, number.gaps[0].accepted[0].most)
    assert ["1", "2"] == [gap.accepted[0].answer for gap in gaps.gaps]
    assert all(f"[[{gap.id}]]" in gaps.text for gap in gaps.gaps)
    assert [
        "Questions: graph: it asks with grapher, which this box has no form for.",
        "Questions: gone: the question is missing.",
    ] == [line for line in imported.report.left_out if line.startswith("Questions: g")]


def test_what_is_missing_or_damaged_is_left_out_and_said(reading: Read, channel: Making) -> None:
    channel.node("a" * 32, "document", "Whole", (PDF, "pdf", "document"))
    channel.node("b" * 32, "document", "Missing", (PDF + b"\n", "pdf", "document"))
    channel.node("d" * 32, "html5", "Damaged", (zip_of({"index.html": "x"}), "zip", "html5_zip"))
    channel.node("e" * 32, "html5", "Hostile", (zip_of({"index.html": "x", "../evil": "x"}), "zip", "html5_zip"))
    channel.place(hashlib.md5(PDF + b"\n").hexdigest(), "pdf").unlink()
    channel.place(hashlib.md5(zip_of({"index.html": "x"})).hexdigest(), "zip").write_bytes(zip_of({"index.html": "y"}))
    imported = reading(channel.folder)

    assert ["Whole"] == [one.title["en"] for one in imported.activities]
    assert ["Damaged: Its file is damaged.", "Missing: Its file is not in the folder."] == sorted(
        line for line in imported.report.left_out if not line.startswith("Hostile")
    )
    assert [f"{'a' * 32}/{'a' * 32}.pdf"] == [entry.path for layer in imported.layers for entry in layer.entries]


def test_a_channel_of_which_nothing_is_there_is_refused(reading: Read, channel: Making) -> None:
    with pytest.raises(ContentFault, match="nothing in it"):
        reading(channel.folder)


@pytest.mark.parametrize("data", [b"", b"SQLite format 3\0" + bytes(2000), b"no database"])
def test_a_database_that_is_none_is_refused(reading: Read, tmp_path: Path, data: bytes) -> None:
    place = tmp_path / "channel" / "content" / "databases" / f"{CHANNEL}.sqlite3"
    place.parent.mkdir(parents=True)
    place.write_bytes(data)

    with pytest.raises(ContentFault, match="cannot be read"):
        reading(tmp_path / "channel")


def test_a_database_that_never_answers_is_given_up(
    reading: Read, channel: Making, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A view in a table's place may count for ever."""
    monkeypatch.setattr(db, "STRANGERS_STEPS_MAX", 20)
    rows = sqlite_utils.Database(channel.folder / "content" / "databases" / f"{CHANNEL}.sqlite3")
    rows["content_channelmetadata"].drop()
    rows.execute(
        "create view content_channelmetadata as with recursive n(id) as (select 1 union all select id + 1 from n) "
        "select id from n where id < 0"
    )
    rows.close()

    with pytest.raises(ContentFault, match="interrupted"):
        reading(channel.folder)
