"""A backup: sealed, of one moment, and restored whole or not at all."""

import json
import tarfile

import pyrage
import pytest
from click.testing import CliRunner
from pyrage import x25519

from catalog.fault import BoxFault, CallerFault
from edge.cli import box as command
from edge.control import Control
from edge.keeping import backup as backups
from edge.keeping.backup import back_up
from edge.keeping.restore import restore
from edge.keeping.sealing import BackupRefused, Lock
from edge.works import works

WORDS = "salt water sand stone wind"
ONCE = x25519.Identity.generate()
BY_KEY = Lock([str(ONCE.to_public())])


@pytest.fixture
def told(box, amina):
    """A box that has something to lose."""
    box.learning.opened(amina.id, "water", 1, "site")
    box.learning.answered(amina.id, "water", "quiz", "first", "42")
    return box


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    file = tmp_path_factory.mktemp("key") / "key.txt"
    file.write_text(f"# a comment\n{ONCE}\n")
    return file


@pytest.fixture
def sealed(told, tmp_path):
    return back_up(told, tmp_path / "box.age", BY_KEY).path


def test_a_box_comes_back_with_its_learners_progress_keys_and_settings(
    told, boxes, amina, sealed, key, tmp_path, clock
):
    told.change_config({"name": "Hill school"})
    sealed = back_up(told, sealed, BY_KEY).path
    done = restore(tmp_path / "new", sealed, key, "", clock)

    again = boxes("new", config=None)
    assert (told.id, "Hill school") == (again.id, done.proof.name)
    assert amina == again.people.person(amina.id)
    assert "42" == again.learning.answers(amina.id, "water")[0].answer
    assert done.events == again.journal.verify() == told.journal.verify()
    assert ["card-restored"] == [alarm.kind for alarm in again.alarms.standing()]


def test_nobody_is_signed_in_on_a_restored_box(told, staff, sealed, boxes, key, tmp_path, clock):
    back_up(told, sealed, BY_KEY)
    restore(tmp_path / "new", sealed, key, "", clock)

    sessions = boxes("new").database.read().execute("select count(*) from session").fetchone()[0]

    assert 0 == sessions


def test_what_is_written_after_a_restore_is_a_new_epoch(told, boxes, amina, sealed, key, tmp_path, clock):
    restore(tmp_path / "new", sealed, key, "", clock)
    again = boxes("new")

    again.learning.opened(amina.id, "water", 1, "site")

    assert 2 == again.database.read().execute("select count(*) from epoch").fetchone()[0]


@pytest.mark.slow
def test_a_passphrase_opens_what_it_sealed_and_another_does_not(told, tmp_path, clock):
    sealed = back_up(told, tmp_path / "box.age", Lock(passphrase=WORDS)).path

    with pytest.raises(BackupRefused):
        restore(tmp_path / "new", sealed, None, WORDS + " rain", clock)
    assert told.id == restore(tmp_path / "new", sealed, None, WORDS, clock).proof.box


def test_nothing_of_a_learner_can_be_read_in_it(sealed):
    assert b"Amina" not in sealed.read_bytes()


def test_a_backup_for_a_key_opens_with_plain_age_and_tar(sealed, key, tmp_path):
    plain = tmp_path / "plain.tar"
    with sealed.open("rb") as source, plain.open("wb") as target:
        pyrage.decrypt_io(source, target, [ONCE])

    with tarfile.open(plain) as archive:
        assert ["box.db", "keys/box.key", "proof.json"] == archive.getnames()


@pytest.mark.parametrize("place", [0, 30, 5000, -5])
def test_one_changed_byte_is_refused_and_leaves_nothing(sealed, key, tmp_path, clock, place):
    data = bytearray(sealed.read_bytes())
    data[place] ^= 1
    sealed.write_bytes(data)

    with pytest.raises(BackupRefused):
        restore(tmp_path / "new", sealed, key, "", clock)
    assert [] == list((tmp_path / "new").iterdir())


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_a_backup_that_was_cut_short_is_refused(sealed, key, tmp_path, clock, share):
    data = sealed.read_bytes()
    sealed.write_bytes(data[: int(len(data) * share)])

    with pytest.raises(BackupRefused):
        restore(tmp_path / "new", sealed, key, "", clock)


def test_what_is_put_into_a_backup_is_not_written_anywhere(told, tmp_path, key, clock, monkeypatch):
    def hostile(box, database, listing, with_courses):
        yield backups._header("../../evil.txt", 4) + b"evil" + bytes(508) + bytes(1024)

    monkeypatch.setattr(backups, "_tar", hostile)
    sealed = back_up(told, tmp_path / "box.age", BY_KEY).path

    with pytest.raises(BackupRefused, match="does not belong"):
        restore(tmp_path / "a" / "b" / "new", sealed, key, "", clock)
    assert [] == list(tmp_path.rglob("evil.txt"))


def test_a_backup_without_its_last_part_is_none(told, tmp_path, key, clock, monkeypatch):
    tar = backups._tar
    monkeypatch.setattr(backups, "_tar", lambda *given: iter([*[*tar(*given)][:-1], bytes(1024)]))
    sealed = back_up(told, tmp_path / "box.age", BY_KEY).path

    with pytest.raises(BackupRefused, match="not whole"):
        restore(tmp_path / "new", sealed, key, "", clock)


def test_a_journal_that_does_not_hold_is_not_restored(told, tmp_path, key, clock):
    told.database.write(lambda connection: connection.execute("update event set monotonic_ms = monotonic_ms + 1"))
    sealed = back_up(told, tmp_path / "box.age", BY_KEY).path

    with pytest.raises(Exception, match="journal is damaged"):
        restore(tmp_path / "new", sealed, key, "", clock)
    assert [] == list((tmp_path / "new").iterdir())


def test_a_folder_that_is_not_empty_is_left_alone(told, sealed, key, clock):
    with pytest.raises(CallerFault, match="is not empty"):
        restore(told.data, sealed, key, "", clock)


def test_a_restore_that_a_power_cut_ended_is_begun_again(sealed, key, tmp_path, clock):
    (tmp_path / "new" / ".restoring").mkdir(parents=True)
    (tmp_path / "new" / ".restoring" / "box.db").write_bytes(b"half")

    assert restore(tmp_path / "new", sealed, key, "", clock).events


def test_courses_come_again_unless_they_were_taken_along(told, shelve, boxes, key, tmp_path, clock):
    site = tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("<p>Water</p>")
    shelve(told, "water", [site], title={"en": "Water"})
    restore(tmp_path / "bare", back_up(told, tmp_path / "a.age", BY_KEY).path, key, "", clock)
    restore(tmp_path / "full", back_up(told, tmp_path / "b.age", BY_KEY, with_courses=True).path, key, "", clock)

    bare, full = boxes("bare"), boxes("full")

    assert ([], 0) == (bare.shelf.courses(), bare.store.count())
    assert b"<p>Water</p>" == next(full.shelf.tree("water").rglob("index.html")).read_bytes()


def test_a_course_that_goes_meanwhile_is_said_and_no_backup_stays(told, tmp_path, monkeypatch):
    monkeypatch.setattr(backups, "_files", lambda data, with_courses: [data / "store" / "gone"])

    with pytest.raises(BoxFault, match="changed while"):
        back_up(told, tmp_path / "box.age", BY_KEY)
    assert [] == [path for path in tmp_path.iterdir() if "age" in path.name]


@pytest.mark.parametrize("lock", [Lock(), Lock(passphrase="short"), Lock(["age1nonsense"]), Lock(["x"], WORDS)])
def test_a_backup_is_always_sealed_and_well(told, tmp_path, lock):
    with pytest.raises(CallerFault):
        back_up(told, tmp_path / "box.age", lock)
    assert not (tmp_path / "box.age").exists()


def test_what_a_power_cut_left_of_a_backup_goes_with_the_next(told, tmp_path):
    left = told.data / ".backup-left"
    left.mkdir()
    (left / "box.db").write_bytes(b"names")

    back_up(told, tmp_path / "box.age", BY_KEY)

    assert [] == list(told.data.glob(".backup-*"))


@pytest.mark.system
def test_the_commands_back_up_a_serving_box_and_restore_it(told, tmp_path):
    words = tmp_path / "words.txt"
    words.write_text(WORDS + "\n")
    told.database.start()
    control = Control(told.data, works(told))
    control.start()
    run = CliRunner().invoke

    try:
        options = ["--to", str(tmp_path / "box.age"), "--passphrase-file", str(words), "--json"]
        made = run(command, ["backup", "--data", str(told.data), *options], catch_exceptions=False)
    finally:
        control.close()
    options = ["--from", str(tmp_path / "box.age"), "--passphrase-file", str(words), "--json"]
    done = run(command, ["restore", "--data", str(tmp_path / "new"), *options], catch_exceptions=False)

    assert told.id == json.loads(made.stdout)["box"] == json.loads(done.stdout)["box"]
