"""The machine as the kernel tells of it: read from files and one program; what is not there is not seen."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from edge.doctor.machine import Machine, Mount, Slot, Wifi, read


def files(root: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def nobody(words: Sequence[str]) -> str | None:
    return None


def test_a_machine_that_shows_nothing_is_not_guessed_at(tmp_path: Path) -> None:
    assert Machine(None, None, None, frozenset(), None, None, None, None, None) == read(Path("/data"), tmp_path, nobody)


def test_an_appliance_is_seen_as_it_is(tmp_path: Path) -> None:
    root = files(
        tmp_path,
        {
            "proc/self/mountinfo": (
                "20 1 0:18 / / rw,relatime shared:1 - overlay overlay rw\n"
                "31 20 179:4 / /data rw,nosuid shared:5 - ext4 /dev/mmcblk0p4 rw\n"
                "32 20 179:1 / /boot/firmware ro - vfat /dev/mmcblk0p1 ro\n"
            ),
            "proc/meminfo": "MemTotal:         949440 kB\nMemFree:  1 kB\nMemAvailable:     512000 kB\n",
            "sys/fs/ext4/mmcblk0p4/errors_count": "0\n",
            "sys/dev/block/179:4/device/life_time": "0x02 0x01\n",
            "run/nginx.pid": "311\n",
            "run/qanat/slot.json": '{"slot":"a","version":"1.4.0","trial":true}',
            "sys/class/net/wlan0/phy80211/name": "phy0",
            "sys/class/net/eth0/address": "",
            "sys/class/thermal/thermal_zone0/temp": "54321\n",
            "sys/devices/platform/soc/soc:firmware/get_throttled": "50005\n",
        },
    )
    said = {
        ("iw", "reg", "get"): "global\ncountry DJ: DFS-UNSET\n\t(2402 - 2482 @ 40), (N/A, 20), (N/A)\n",
        ("iw", "dev", "wlan0", "station", "dump"): "Station aa:bb (on wlan0)\n\tx: 1\nStation cc:dd (on wlan0)\n",
    }

    seen = read(Path("/data/box"), root, lambda words: said.get(tuple(words)))

    assert Mount("/data", "ext4", True, False, 0, 2) == seen.mount
    assert Wifi("wlan0", "DJ", 2) == seen.wifi
    assert Slot("a", "1.4.0", True) == seen.slot
    assert (54321, 0x50005, 512000 * 1024) == (seen.warmest_millidegrees, seen.throttled, seen.memory_free_bytes)
    assert seen.is_nginx_running
    assert {"eth0", "wlan0"} == seen.interfaces


def test_data_on_the_system_is_no_partition_of_its_own(tmp_path: Path) -> None:
    root = files(tmp_path, {"proc/self/mountinfo": "20 1 0:18 / / rw - overlay overlay rw\n"})

    seen = read(Path("/data/box"), root, nobody).mount

    assert Mount("/", "overlay", False, False, None, None) == seen


def test_a_partition_that_went_read_only_is_seen(tmp_path: Path) -> None:
    lines = "20 1 0:18 / / rw - overlay overlay rw\n31 20 179:4 / /data ro,nosuid - ext4 /dev/mmcblk0p4 ro\n"

    seen = read(Path("/data/box"), files(tmp_path, {"proc/self/mountinfo": lines}), nobody).mount

    assert seen is not None
    assert seen.is_read_only


@pytest.mark.parametrize("rubbish", ["", "{", "[]", '{"slot": 1}', "null", "[" * 100_000])
def test_a_slot_file_that_is_none_is_not_believed(tmp_path: Path, rubbish: str) -> None:
    assert read(Path("/data"), files(tmp_path, {"run/qanat/slot.json": rubbish}), nobody).slot is None


def test_a_wifi_whose_program_is_missing_is_seen_without_its_country(tmp_path: Path) -> None:
    root = files(tmp_path, {"sys/class/net/wlan0/phy80211/name": "phy0"})

    assert Wifi("wlan0", None, None) == read(Path("/data"), root, nobody).wifi
