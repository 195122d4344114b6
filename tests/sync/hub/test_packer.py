"""A pack is judged by what it saves over those that lead to the same layer already."""

import pytest

from catalog.digest import digest_of
from sync.hub.packer import WORTH_PERCENT_MAX, is_worth
from sync.hub.stock import Packed
from sync.patch.format import Profile, pack_name
from sync.wire import Parcel

ROOT, BASE = digest_of(b"root"), digest_of(b"base")
JXL = Profile.JPEG_XL


def parcel(size_bytes, from_root=None, profile=Profile.BASE):
    return Parcel("water", 2, ROOT, "core", pack_name(from_root, ROOT, "core", profile), size_bytes, 0, from_root)


def made(*packs):
    return {one.pack: Packed(one, profile, is_kept) for one, profile, is_kept in packs}


FULL = (parcel(1000), Profile.BASE, True)
FULL_JXL = (parcel(700, profile=JXL), JXL, True)
PATCH = (parcel(100, BASE), Profile.BASE, True)
POOR_PATCH = (parcel(950, BASE), Profile.BASE, False)


@pytest.mark.parametrize(
    ("size_bytes", "from_root", "profile", "others", "expected"),
    [
        pytest.param(10**9, None, Profile.BASE, (), True, id="a full pack is always kept"),
        pytest.param(900, BASE, Profile.BASE, (FULL,), True, id="a patch at the limit"),
        pytest.param(901, BASE, Profile.BASE, (FULL,), False, id="a patch beyond it"),
        pytest.param(5, BASE, Profile.BASE, (), True, id="a patch without a full pack to compare with"),
        pytest.param(
            650, BASE, Profile.BASE, (FULL, FULL_JXL), True, id="not every box could take the smaller full one"
        ),
        pytest.param(999, None, JXL, (FULL,), True, id="a second profile that is smaller"),
        pytest.param(1000, None, JXL, (FULL,), False, id="a second profile that brings nothing"),
        pytest.param(99, BASE, JXL, (FULL, FULL_JXL, PATCH), True, id="a smaller patch"),
        pytest.param(100, BASE, JXL, (FULL, FULL_JXL, PATCH), False, id="a patch that brings nothing"),
        pytest.param(640, BASE, JXL, (FULL, FULL_JXL, POOR_PATCH), False, id="hardly less than the full one"),
        pytest.param(600, BASE, JXL, (FULL, FULL_JXL, POOR_PATCH), True, id="less than the full one"),
    ],
)
def test_what_is_worth_keeping(size_bytes, from_root, profile, others, expected):
    assert 90 == WORTH_PERCENT_MAX
    assert expected is is_worth(parcel(size_bytes, from_root, profile), profile, made(*others), ROOT)
