"""What a phone reads off a label: escaped as phones expect it."""

from pathlib import Path

import pytest

from edge.birth.seed import Wifi
from provisioning.labels.faces import Faces, NoFaces, letters_of
from provisioning.labels.squares import joins, square


@pytest.mark.parametrize(
    ("name", "password", "says"),
    [
        ("Hill school 07", "kmtr-dxwp-cfgh", "WIFI:T:WPA;S:Hill school 07;P:kmtr-dxwp-cfgh;;"),
        ('a;b,c:d\\e"f', "pa;ss:wo,rd", 'WIFI:T:WPA;S:a\\;b\\,c\\:d\\\\e\\"f;P:pa\\;ss\\:wo\\,rd;;'),
        ("وادي 07", "kmtr-dxwp-cfgh", "WIFI:T:WPA;S:وادي 07;P:kmtr-dxwp-cfgh;;"),
        ("Open 01", "", "WIFI:T:nopass;S:Open 01;;"),
    ],
)
def test_a_wifi_is_written_as_phones_read_it(name: str, password: str, says: str) -> None:
    assert says == joins(Wifi(name, password, "KE", 6))


def test_a_square_is_as_wide_as_high_and_has_its_three_corners() -> None:
    rows = square("http://box.local/")

    assert {len(rows)} == {len(row) for row in rows}
    assert (True,) * 7 == rows[0][:7] == rows[0][-7:] == rows[-1][:7]


def test_a_machine_without_letters_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(NoFaces, match="NotoSans"):
        Faces.found(tmp_path)


def test_a_file_that_is_no_face_has_no_letters(tmp_path: Path) -> None:
    path = tmp_path / "NotoSans-Regular.ttf"
    path.write_bytes(b"not a font")

    assert frozenset() == letters_of(path)
    assert () == Faces.found(tmp_path).for_text("a")
