"""The report for the hub's staff: sealed, bounded, and nobody's name or secret in it, wherever they were planted."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from catalog.fault import CallerFault, ContentFault
from edge.birth.seed import Seed, Wifi
from edge.box import Box
from edge.cli import box as command
from edge.doctor import bundle
from edge.doctor.bundle import TAKEN_OUT, cleaner, parts, write
from edge.nights.night import Night
from edge.people.people import Classroom, Secret
from sync.carry.sealed import unseal
from sync.enrolment import Pinned, _keep
from sync.hub.keeping.reports import open_report
from sync.keys import KeyPair

NAMES = ("Deka", "Moussa", "Éloïse", "Kadra", "D-1042", "Ecole", "Balbala")
SECRETS = (
    "six goats and a well",
    "7302",
    "hunter2!",
    "wifi-of-the-school",
    "kmtrd-xwpcf",
    "aaaaa-aaaaa-aaaaa-aaaaa-aaaab-bbbbb-bbbbb-bbbbb",
    "s3cr3t",
    "AGE-SECRET-KEY-1QQQQ",
    "the answer is a siphon",
)
SAID = f"""2026-04-11T09:00:00 qanat[1]: BoxFault: disk is full while Deka Moussa (D-1042) joined
2026-04-11T09:00:01 qanat[1]: deka said hello, ÉLOÏSE too, and Kadra's class
2026-04-11T09:00:02 nginx[2]: GET /sign-in?name=Deka&pin=7302 HTTP/1.1
2026-04-11T09:00:03 NetworkManager[3]: psk=wifi-of-the-school
2026-04-11T09:00:04 qanat[1]: Staff code, to claim the box once: KMTRD-XWPCF
2026-04-11T09:00:05 qanat[1]: token {SECRETS[5]}
2026-04-11T09:00:06 qanat[1]: http://someone:s3cr3t@hub.example/ and password: six goats and a well
2026-04-11T09:00:07 nm[3]: joined with hunter2! and {SECRETS[7]}
2026-04-11T09:00:08 qanat[1]: an ordinary line stays
"""


@pytest.fixture
def planted(box: Box, grade: Classroom, shelve: Any) -> Box:
    """A box in which names, answers and secrets stand wherever they can."""
    learner = box.people.enrol_learner(grade.id, "Deka Moussa", Secret("pin", "7302"), "D-1042")
    box.people.enrol_learner(grade.id, "Éloïse", Secret("pin", "7302"))
    box.people.add_teacher("Kadra Ismail", "six goats and a well")
    box.learning.answered(learner.id, "water", "quiz", "item", "the answer is a siphon", key="one")
    box.change_config({"name": "Ecole Balbala", "proxy": "http://someone:s3cr3t@proxy.example:3128"})
    night = box.nights.begin(Night(1, True, "all"))
    told = {"outcome": "failed", "sentence": "The letter of Deka Moussa was refused.", "hint": "Ask Kadra."}
    box.nights.end(Night(1, True, "all", number=night.number, **told))  # type: ignore[arg-type]
    return box


def services(words: Sequence[str]) -> str | None:
    return SAID if words[0] == "journalctl" else None


def belongs_to(box: Box, hub: KeyPair) -> None:
    pin = Pinned(hub.public, "https://hub.example", box.id, "campus", "Ecole Balbala")
    box.database.write(lambda connection: _keep(connection, pin, "nonce"))


def opened(box: Box, hub: KeyPair, seed_file: Path) -> dict[str, str]:
    """The report as the hub reads it."""
    sealed, plain = io.BytesIO(), io.BytesIO()
    write(box, sealed, run=services, seed_file=seed_file)
    sealed.seek(0)
    unseal(sealed, plain, hub, 1 << 30)
    with zipfile.ZipFile(plain) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_no_name_and_no_secret_is_in_the_opened_report(planted: Box, tmp_path: Path) -> None:
    hub = KeyPair.generate()
    belongs_to(planted, hub)
    seed = Seed(
        "a" * 16, "", 0, "Ecole Balbala", "https://hub.example", SECRETS[5], "KMTRD-XWPCF",
        Wifi("box", "wifi-of-the-school", "DJ", 1), join={"school": "hunter2!"},
    )  # fmt: skip
    (tmp_path / "seed").write_bytes(seed.to_bytes())

    report = opened(planted, hub, tmp_path / "seed")

    assert {"doctor.json", "nights.json", "versions.json", "services.txt"} == set(report)
    whole = "\n".join(report.values()).casefold()
    assert [] == [word for word in (*NAMES, *SECRETS) if word.casefold() in whole]
    assert "an ordinary line stays" in report["services.txt"]
    assert "disk is full while" in report["services.txt"]
    assert TAKEN_OUT in report["nights.json"]


def test_nobody_else_can_read_it(planted: Box) -> None:
    hub = KeyPair.generate()
    belongs_to(planted, hub)
    sealed = io.BytesIO()

    write(planted, sealed, run=services)

    assert b"doctor" not in sealed.getvalue()
    assert sealed.getvalue().startswith(b"age-encryption.org/v1\n-> ssh-ed25519 ")


def test_what_services_wrote_is_bounded_and_the_newest_stays(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "LOG_BYTES_MAX", 100)
    lines = "".join(f"line {number}\n" for number in range(1000))

    said = dict(parts(box, lambda words: lines))["services.txt"]

    assert len(said) <= 100
    assert said.endswith(b"line 998\nline 999\n")


def test_a_machine_without_a_journal_says_so(box: Box) -> None:
    assert b"not seen here\n" == dict(parts(box, lambda words: None))["services.txt"]


def test_a_name_is_taken_out_however_it_is_written(planted: Box) -> None:
    clean = cleaner(planted)

    assert f"{TAKEN_OUT}, {TAKEN_OUT} and {TAKEN_OUT}" == clean("ELOISE, deka and Éloïse")
    assert "nobody is taken out" == clean("nobody is taken out")


def test_a_box_without_a_hub_needs_to_be_told_for_whom(box: Box) -> None:
    with pytest.raises(CallerFault, match="none yet"):
        write(box, io.BytesIO(), run=services)


def test_it_can_be_sealed_for_a_key_that_is_named(box: Box, tmp_path: Path) -> None:
    from pyrage import decrypt, x25519

    box.close()
    reader = x25519.Identity.generate()
    words = ["logs", "--data", str(box.data), "--out", str(tmp_path / "report"), "--recipient", str(reader.to_public())]

    said = CliRunner().invoke(command, words, catch_exceptions=False).output

    assert "sealed" in said
    archive = zipfile.ZipFile(io.BytesIO(decrypt((tmp_path / "report").read_bytes(), [reader])))
    assert "doctor.json" in archive.namelist()


def test_the_hub_opens_it_and_nothing_else(planted: Box, tmp_path: Path) -> None:
    hub = KeyPair.generate()
    belongs_to(planted, hub)
    with (tmp_path / "report").open("wb") as target:
        write(planted, target, run=services)

    found = open_report(tmp_path / "report", tmp_path / "opened", hub)

    assert 4 == len(found)
    with pytest.raises(ContentFault, match="another hub"):
        open_report(tmp_path / "report", tmp_path / "stolen", KeyPair.generate())
    assert not (tmp_path / "stolen").exists()


def test_a_report_that_claims_to_be_huge_is_not_believed(tmp_path: Path) -> None:
    from sync.carry.sealed import seal
    from sync.keys import PublicKey

    hub = KeyPair.generate()
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("services.txt", bytes(9 << 20))
        archive.writestr("../../etc/passwd", b"root")
    plain.seek(0)
    with (tmp_path / "report").open("wb") as target:
        seal(plain, target, PublicKey(hub.public))

    with pytest.raises(ContentFault, match="longer than any report"):
        open_report(tmp_path / "report", tmp_path / "opened", hub)


def test_staff_keep_a_report_on_their_phone(staff: Any, box: Box) -> None:
    hub = KeyPair.generate()
    belongs_to(box, hub)
    page = staff.opens("/staff/doctor")

    assert "Keep a report on this phone" in page
    assert staff.fetches("/staff/doctor/report.age").startswith(b"age-encryption.org/v1")


def test_a_box_without_a_hub_says_whom_to_ask_instead(staff: Any) -> None:
    assert "Keep a report" not in staff.opens("/staff/doctor")
    assert "none yet" in staff.opens("/staff/doctor/report.age")
