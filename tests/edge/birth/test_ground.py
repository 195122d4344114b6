"""Ground: a box that must have a partition of its own keeps nothing and takes nothing until it has one."""

from pathlib import Path, PurePosixPath

import pytest
from flask.testing import FlaskClient

from catalog.fault import BoxFault
from edge.birth import ground, groundless
from edge.birth.ground import GroundMissing, Trouble, judge, look, mounts
from edge.config import Config
from edge.control import answer

SYSTEM = "21 1 179:2 / /run/system ro,relatime - squashfs /dev/mmcblk0p2 ro\n"
OVERLAY = "22 1 0:20 / / rw,relatime - overlay overlay rw,lowerdir=/run/system,upperdir=/run/upper\n"
EXT4_ROOT = "22 1 179:2 / / rw,relatime - ext4 /dev/mmcblk0p2 rw\n"
DATA = "40 22 179:4 / /data rw,nosuid,nodev,noatime shared:3 - ext4 /dev/mmcblk0p4 rw\n"


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        (SYSTEM + OVERLAY + DATA, None),
        (EXT4_ROOT + DATA, None),
        (SYSTEM + OVERLAY, Trouble.MEMORY),
        (EXT4_ROOT, Trouble.SYSTEM),
        (OVERLAY + DATA.replace("ext4 /dev/mmcblk0p4", "tmpfs tmpfs"), Trouble.MEMORY),
        (OVERLAY + DATA.replace("ext4", "ramfs"), Trouble.MEMORY),
        # A sandbox binds the folder: what is bound is what counts.
        (EXT4_ROOT + "41 22 179:2 /data/box /data/box rw - ext4 /dev/mmcblk0p2 rw\n", Trouble.SYSTEM),
        (OVERLAY + "41 22 0:20 /data/box /data/box rw - overlay overlay rw\n", Trouble.MEMORY),
        (OVERLAY + DATA + "41 22 179:4 /box /data/box rw - ext4 /dev/mmcblk0p4 rw\n", None),
        # The kernel mounted it again, for reading only, when it met damage; or only this view of it is so.
        (OVERLAY + DATA.replace("/dev/mmcblk0p4 rw", "/dev/mmcblk0p4 ro,errors=remount-ro"), Trouble.READ_ONLY),
        (OVERLAY + DATA.replace("/data rw", "/data ro"), Trouble.READ_ONLY),
        # Something in memory was mounted over it; something else beside it.
        (OVERLAY + DATA + "41 22 0:33 / /data rw - tmpfs tmpfs rw\n", Trouble.MEMORY),
        (OVERLAY + DATA.replace("/data", "/data/boxes"), Trouble.MEMORY),
        (OVERLAY + DATA.replace("/data", "/dat"), Trouble.MEMORY),
        ("", Trouble.UNKNOWN),
        ("no list at all\n - \n", Trouble.UNKNOWN),
    ],
)
def test_the_kernels_list_tells_what_a_folder_stands_on(listed: str, expected: Trouble | None) -> None:
    assert expected == judge(PurePosixPath("/data/box"), mounts(listed), is_system_device=False)


def test_a_name_with_a_space_is_read_as_it_is() -> None:
    (one,) = mounts(r"40 22 8:1 / /media/school\040disk\134x rw - ext4 /dev/sda1 rw")

    assert PurePosixPath("/media/school disk\\x") == one.point


def test_one_device_with_the_system_is_no_partition_of_its_own() -> None:
    assert Trouble.SYSTEM == judge(PurePosixPath("/data/box"), mounts(EXT4_ROOT + DATA), is_system_device=True)


def test_a_folder_that_is_not_there_yet_stands_where_it_would_be(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet"
    listed = tmp_path / "mountinfo"
    listed.write_text(OVERLAY + f"40 22 179:4 / {tmp_path} rw - ext4 /dev/mmcblk0p4 rw\n")

    assert look(folder, listed, system=Path("/proc")) is None
    assert Trouble.SYSTEM == look(folder, listed, system=tmp_path)
    assert not folder.exists()


def test_a_machine_that_does_not_say_is_not_trusted(tmp_path: Path) -> None:
    assert Trouble.UNKNOWN == look(tmp_path, tmp_path / "nothing")
    with pytest.raises(GroundMissing, match="does not say"):
        ground.demand(tmp_path, tmp_path / "nothing")


# ---- the page ----------------------------------------------------------------------------------------------------


@pytest.fixture
def page() -> FlaskClient:
    return groundless.create_app(Config(name="Hill school"), lambda: Trouble.SYSTEM).test_client()


@pytest.mark.parametrize(
    "path", ["/", "/sign-in/class", "/library", "/claim", "/staff", "/generate_204", "/styleguide"]
)
def test_every_address_says_what_is_wrong(page: FlaskClient, path: str) -> None:
    reply = page.get(path)

    assert (503, "5") == (reply.status_code, reply.headers["Retry-After"])
    assert "not mounted" in reply.text
    assert "Switch the box off" in reply.text
    assert [f'<section lang="{tag}"' in reply.text for tag in ("en", "fr", "ar")] == [True] * 3
    assert 'lang="ar" dir="rtl"' in reply.text
    assert "Set-Cookie" not in reply.headers


@pytest.mark.parametrize("path", ["/claim", "/sign-in/class", "/carry", "/staff/enrol", "/xapi/statements"])
def test_nothing_is_taken(page: FlaskClient, path: str) -> None:
    reply = page.post(path, data={"code": "KMTRD-XWPCF"}, headers={"Origin": "http://localhost"})

    assert 503 == reply.status_code
    assert "Set-Cookie" not in reply.headers


def test_the_page_has_its_look_and_its_chooser_of_languages(page: FlaskClient) -> None:
    text = page.get("/").text
    sheet = text.split('rel="stylesheet" href="')[1].split('"')[0]

    assert 200 == page.get(sheet).status_code
    assert 303 == page.get("/language/fr?next=/").status_code


@pytest.mark.parametrize("work", ["status", "enrol", "sync", "carry", "anything"])
def test_commands_hear_the_same(work: str) -> None:
    said = answer(groundless.refusing(lambda: Trouble.MEMORY), b'{"do": "%s"}' % work.encode(), lambda progress: None)

    assert "lies in memory" in said["fault"]["sentence"]
    assert BoxFault.exit_code == said["fault"]["exit_code"]
