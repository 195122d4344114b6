"""Birth: what a seed says becomes the box's once, whenever the power goes; its secrets go when they have served."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from catalog import durable
from edge.birth import birth
from edge.birth.birth import SEED_FILE, SPENT_FILE
from edge.birth.seed import FILE as CARD_FILE
from edge.birth.seed import Seed
from edge.box import Box
from edge.staff import claim
from edge.works import status
from tests.edge.birth.test_seed import SEED

Opener = Callable[..., Box]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder on which the first boot has put the card's seed."""
    folder = tmp_path / "box"
    folder.mkdir()
    (folder / SEED_FILE).write_bytes(SEED.to_bytes())
    return folder


@pytest.fixture
def opens(data: Path, boxes: Any) -> Opener:
    """Starts the box with the settings that lie there, as `qanat box serve` does."""
    return lambda **changes: boxes(data.name, config=changes.pop("config", None), **changes)


def code_counts(box: Box, code: str) -> bool:
    try:
        box.setup.check(code)
    except claim.WrongStaffCode:
        return False
    return True


def kinds(box: Box) -> list[str]:
    return [alarm.kind for alarm in box.alarms.standing()]


def test_a_box_becomes_what_its_seed_says(opens: Opener) -> None:
    box = opens()

    assert ("Ali Sabieh 07", "fr", "https://hub.example") == (box.config.name, box.config.language, box.config.hub)
    assert code_counts(box, SEED.staff_code)
    assert SEED.staff_code == box.setup.label_code()
    said = {"seed": SEED.id, "batch": SEED.batch, "number": 7, "campus_name": SEED.campus_name}
    assert {**said, "state": "waiting", "is_spent": False} == status(box)["birth"]


def test_a_box_without_a_seed_is_born_as_ever(boxes: Any) -> None:
    box = boxes()

    assert "none" == box.birth.document()["state"]
    assert code_counts(box, str(box.setup.label_code()))
    assert [] == kinds(box)


def test_what_box_toml_says_already_stands_above_the_seed(data: Path, opens: Opener) -> None:
    (data / "box.toml").write_text('# by hand\nname = "Ours"\n')

    box = opens()

    assert ("Ours", "fr") == (box.config.name, box.config.language)
    assert (data / "box.toml").read_text().startswith('# by hand\nname = "Ours"\n')


def test_what_this_run_was_told_stands_above_the_seed_for_now(opens: Opener) -> None:
    from edge.config import Config

    box = opens(config=Config(language="ar"))

    assert "ar" == box.config.language
    box.close()
    assert "fr" == opens().config.language


def test_a_campus_gives_its_name_to_a_box_that_has_none(data: Path, opens: Opener) -> None:
    (data / SEED_FILE).write_bytes(replace(SEED, settings={}).to_bytes())

    assert SEED.campus_name == opens().config.name


def test_a_seed_is_taken_once(data: Path, opens: Opener) -> None:
    opens().close()
    (data / "box.toml").write_text('name = "Changed since"\n')

    box = opens()

    assert ("Changed since", "") == (box.config.name, box.config.hub)


def test_a_new_seed_counts_while_the_box_has_no_hub(data: Path, opens: Opener) -> None:
    box = opens()
    box.alarms.raise_("token-refused")
    box.close()
    newer = replace(SEED, id="c" * 16, hub="https://other.example", staff_code="BCDFG-HJKLM")
    (data / SEED_FILE).write_bytes(newer.to_bytes())

    box = opens()

    assert ("c" * 16, "https://other.example") == (box.birth.document()["seed"], box.config.hub)
    assert (True, False) == (code_counts(box, newer.staff_code), code_counts(box, SEED.staff_code))
    assert [] == kinds(box)


def test_a_seed_takes_nothing_from_those_who_claimed_the_box(boxes: Any, data: Path, opens: Opener) -> None:
    (data / SEED_FILE).unlink()
    box = opens()
    box.setup.claim(str(box.setup.label_code()), "six goats and a well", "Grade 8")
    box.close()
    (data / SEED_FILE).write_bytes(SEED.to_bytes())

    box = opens()

    assert box.setup.is_claimed
    assert box.setup.label_code() is None
    assert not (data / claim.LABEL_FILE).exists()


@pytest.mark.parametrize(
    "seed",
    [b"", b"{}", b"\xff" * 70_000, json.dumps({**json.loads(SEED.to_bytes()), "settings": {"port": 8105}}).encode()],
    ids=["empty", "of another kind", "large", "asking for what cannot be"],
)
def test_a_seed_that_cannot_be_used_keeps_no_box_from_opening(data: Path, opens: Opener, seed: bytes) -> None:
    (data / SEED_FILE).write_bytes(seed)

    box = opens()

    assert ["seed-refused"] == kinds(box)
    assert "none" == box.birth.document()["state"]
    assert code_counts(box, str(box.setup.label_code()))
    box.close()

    (data / SEED_FILE).write_bytes(SEED.to_bytes())
    assert [] == kinds(opens())


def test_secrets_stay_until_they_have_served(data: Path, opens: Opener) -> None:
    box = opens()
    box.birth.let_go()

    assert SEED.to_bytes() == (data / SEED_FILE).read_bytes()
    assert not (data / SPENT_FILE).exists()


def test_a_seed_without_a_token_lets_go_of_its_code_when_it_is_claimed(data: Path, opens: Opener) -> None:
    seed = replace(SEED, token="")
    (data / SEED_FILE).write_bytes(seed.to_bytes())
    box = opens()
    assert "alone" == box.birth.document()["state"]
    box.enrolling.tick(box.clock.now())
    assert not (data / SPENT_FILE).exists()

    box.setup.claim(SEED.staff_code, "six goats and a well", "Grade 8")
    box.enrolling.tick(box.clock.now())

    left = seed.spent().to_bytes()
    assert (left, left) == ((data / SEED_FILE).read_bytes(), (data / SPENT_FILE).read_bytes())
    assert 0o600 == (data / SPENT_FILE).stat().st_mode & 0o777


def test_what_is_left_for_the_card_is_a_seed_of_its_own(data: Path) -> None:
    """Whoever writes on the card copies these bytes; the name there is another."""
    assert CARD_FILE != SEED_FILE
    assert Seed.from_bytes(SEED.spent().to_bytes()).id == SEED.id


class PowerGone(BaseException):
    """The power went."""


class Cuts:
    """Takes a copy of the folder before and after each lasting step of a birth: what a cut there would have left."""

    def __init__(self, data: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.data, self.folder = data, folder
        self.disks: list[Path] = []
        for module in (birth, claim):
            monkeypatch.setattr(module, "write_file", self._watched(durable.write_file))
        monkeypatch.setattr("edge.box.write_file", self._watched(durable.write_file))

    def _watched(self, write: Callable[..., None]) -> Callable[..., None]:
        def watched(*words: Any) -> None:
            self.takes_a_picture()
            write(*words)
            self.takes_a_picture()

        return watched

    def takes_a_picture(self) -> None:
        disk = self.folder / f"cut-{len(self.disks)}"
        shutil.copytree(self.data, disk, ignore=shutil.ignore_patterns("box.lock"))
        self.disks.append(disk)


def test_a_birth_may_be_cut_at_any_step(
    data: Path, opens: Opener, boxes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        cuts = Cuts(data, tmp_path, patch)
        whole = opens()
        cuts.takes_a_picture()
        key, settings = whole.id, (data / "box.toml").read_bytes()
        whole.close()
    assert len(cuts.disks) >= 5

    for disk in cuts.disks:
        box = boxes(disk.name, config=None)
        seen = (box.id, (disk / "box.toml").read_bytes(), box.setup.label_code(), box.birth.document()["state"])
        assert (key, settings, SEED.staff_code, "waiting") == seen, disk
        assert code_counts(box, SEED.staff_code)
        assert [] == kinds(box)
        box.close()
