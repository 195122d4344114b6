"""The fence: whatever lies in a root, nothing outside of it is written."""

from pathlib import Path

import pytest

from provisioning.image import fence
from provisioning.image.fence import LeadsOut


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with links as packages make them: to places that exist on this machine as well."""
    root = tmp_path / "root"
    (root / "etc/nginx/sites-enabled").mkdir(parents=True)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "default").write_text("the host's own")
    (root / "etc/nginx/sites-enabled/default").symlink_to(outside / "default")
    (root / "lib").symlink_to(outside)
    return root


def test_a_file_takes_the_place_of_a_link_and_the_host_keeps_its_own(root: Path, tmp_path: Path) -> None:
    """A plain copy would follow the link to the file of the machine that builds."""
    fence.place(root, "etc/nginx/sites-enabled/default", b"the box's")

    assert (tmp_path / "outside/default").read_text() == "the host's own"
    assert (root / "etc/nginx/sites-enabled/default").read_text() == "the box's"


@pytest.mark.parametrize("name", ["lib/default", "lib/new/deep", "../outside/x", "/etc/passwd", "", "etc/../../x"])
def test_a_path_that_leads_out_is_refused(root: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(LeadsOut) as refused:
        fence.place(root, name, b"x")

    assert refused.value.hint
    assert [path.name for path in (tmp_path / "outside").iterdir()] == ["default"]


def test_folders_and_links_are_made_inside_only(root: Path) -> None:
    fence.place_folder(root, "var/lib/deep", 0o750)
    fence.place_link(root, "etc/localtime", "/usr/share/zoneinfo/UTC")

    assert (root / "var/lib/deep").stat().st_mode & 0o777 == 0o750
    assert (root / "etc/localtime").readlink() == Path("/usr/share/zoneinfo/UTC")
    with pytest.raises(LeadsOut):
        fence.place_folder(root, "lib/more")


def test_what_is_removed_is_inside_too(root: Path, tmp_path: Path) -> None:
    (root / "usr/share/doc").mkdir(parents=True)
    (root / "usr/share/doc/x").write_text("x")

    assert fence.removed(root, "usr/share/doc") == 1
    assert fence.removed(root, "lib/*") == 0
    assert fence.removed(root, "etc/nginx/sites-enabled/default") == 1
    assert (tmp_path / "outside/default").exists()
