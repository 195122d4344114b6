"""From a seed to the files of its networks: the same each time, whole, and nothing in them that a stranger wrote."""

import configparser
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from catalog.fault import CallerFault
from edge.birth.seed import Seed, SeedRefused, Wifi
from edge.portal.portal import REMEMBERED_SECONDS
from edge.portal.probes import HOSTS
from provisioning.network import files, names, rules
from provisioning.network.plan import Plan
from provisioning.network.plan import files as files_of
from provisioning.network.radio import country_told
from provisioning.provision import provision

SEED = Seed(
    id="a" * 16,
    batch="",
    number=0,
    campus_name="Ali Sabieh",
    hub="",
    token="",
    staff_code="",
    wifi=Wifi("Qanat 07", "korall-7-baum", "DJ", 6),
    join={"Staff; room": "school\\ secret "},
    apn="internet.example",
)


def text(seed: Seed, path: str) -> str:
    (found,) = [file.text for file in files_of(Plan.of(seed)) if file.path == path]
    return found


def profile(seed: Seed, name: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text(seed, f"etc/NetworkManager/system-connections/qanat-{name}.nmconnection"))
    return parser


def test_the_same_seed_makes_the_same_files() -> None:
    assert files_of(Plan.of(SEED)) == files_of(Plan.of(SEED))


def test_the_network_for_learners_is_as_the_seed_says() -> None:
    learners = profile(SEED, "learners")

    assert ("ap", "6", "1", "korall-7-baum") == (
        learners["wifi"]["mode"],
        learners["wifi"]["channel"],
        learners["wifi"]["ap-isolation"],
        learners["wifi-security"]["psk"],
    )
    assert ("manual", "disabled") == (learners["ipv4"]["method"], learners["ipv6"]["method"])
    assert "DJ" in text(SEED, "etc/modprobe.d/qanat-radio.conf")


def test_no_network_is_shared_with_the_outside() -> None:
    assert [] == [file.path for file in files_of(Plan.of(SEED)) if "method=shared" in file.text]


def test_cards_do_not_share_the_names_of_their_profiles() -> None:
    uuids = {profile(replace(SEED, id=id), "learners")["connection"]["uuid"] for id in ("a" * 16, "b" * 16)}

    assert 2 == len(uuids)


def test_a_box_without_wifi_opens_nothing_and_is_seen_by_the_school() -> None:
    guest = replace(SEED, wifi=None)

    assert [] == [
        file.path for file in files_of(Plan.of(guest)) if "learners" in file.path or names.CONFIG in file.path
    ]
    assert "wlan0" not in text(guest, "etc/nftables.conf")
    assert f"tcp dport {{ {rules.PAGES} }}" in text(guest, "etc/nftables.conf")


def test_a_box_with_its_own_network_is_seen_by_the_school_only_where_asked() -> None:
    both = replace(SEED, serves_lan=True)

    assert [2, 3] == [text(seed, "etc/nftables.conf").count("8100-8115") for seed in (SEED, both)]


def test_secrets_are_for_root_alone() -> None:
    readable = [file.path for file in files_of(Plan.of(SEED)) if file.mode & 0o077 and "secret" in file.text]

    assert [] == readable
    assert "korall" not in repr(Plan.of(SEED))


@pytest.mark.parametrize(
    "wrong",
    [
        {"apn": "internet\n[connection]\nid=x"},
        {"join": {"": "long enough"}},
        {"join": {"x" * 33: "long enough"}},
        {"join": {"school": "short"}},
        {"join": {"school": "long enough\nid=x"}},
    ],
)
def test_what_would_write_into_another_line_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SeedRefused):
        Plan.of(replace(SEED, **wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize("address", ["pool.ntp.org", "10.0.0.1 } accept", "fd00::1"])
def test_a_time_server_is_an_address_in_numbers(address: str) -> None:
    with pytest.raises(SeedRefused):
        Plan.of(SEED, (address,))


def test_every_probe_leads_to_the_box_and_a_lease_lasts_as_long_as_a_phone_is_remembered() -> None:
    config = text(SEED, names.CONFIG)
    named = dict(re.findall(r"^host-record=([^,]+),(.+)$", config, re.MULTILINE))

    assert {"10.42.0.1"} == {named[host] for host in HOSTS}
    assert f",{REMEMBERED_SECONDS // 3600}h\n" in config


def test_files_are_written_whole_and_what_is_no_longer_wanted_goes(tmp_path: Path) -> None:
    files.write(Plan.of(SEED), tmp_path)
    files.write(Plan.of(replace(SEED, wifi=None, join={})), tmp_path)
    left = [path.name for path in tmp_path.rglob("qanat-*.nmconnection")]

    assert {"cable", "cable-alone", "modem", "tether"} == {name[6:].partition(".")[0] for name in left}
    assert not (tmp_path / names.CONFIG).exists()
    assert {0o600} == {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*.nmconnection")}


def test_rules_hold_before_anything_is_opened() -> None:
    programs = [command[0] for command in files.commands(Plan.of(SEED), has_radio=True)]

    assert programs.index("nft") < programs.index("iw") < programs.index("systemctl")


def test_what_does_not_work_is_said_and_the_rest_is_done() -> None:
    asked: list[str] = []

    def run(command: list[str]) -> tuple[int, str]:
        asked.append(command[0])
        return (1, "no such table") if command[0] == "nft" else (0, "global\ncountry US: DFS-FCC\n")

    wrong = files.apply(Plan.of(SEED), run, has_radio=True)  # type: ignore[arg-type]

    assert ["nft: no such table", "The radio believes that it is in US, not in DJ."] == wrong
    assert "systemctl" in asked


def test_a_country_that_nobody_told_is_none() -> None:
    assert ("", "00") == (country_told(""), country_told("global\ncountry 00: DFS-UNSET\n\n"))


def test_a_machine_without_a_radio_is_not_asked_where_it_stands() -> None:
    said = files.apply(Plan.of(SEED), lambda command: (int(command[0] == "iw"), ""), has_radio=False)

    assert [] == said


# ---- the command ----


def test_the_command_writes_the_files_and_names_them(tmp_path: Path) -> None:
    seed = tmp_path / "qanat-seed.json"
    seed.write_bytes(SEED.to_bytes())

    said = CliRunner().invoke(provision, ["network", "--seed", str(seed), "--out", str(tmp_path / "root")])

    assert (0, sorted(f"/{file.path}" for file in files_of(Plan.of(SEED)))) == (
        said.exit_code,
        sorted(said.output.split()),
    )
    assert (tmp_path / "root/etc/nftables.conf").read_text() == text(SEED, "etc/nftables.conf")


@pytest.mark.parametrize("options", [[], ["--out", "x", "--apply"]])
def test_the_command_wants_to_know_where(tmp_path: Path, options: list[str]) -> None:
    seed = tmp_path / "qanat-seed.json"
    seed.write_bytes(SEED.to_bytes())

    said = CliRunner().invoke(provision, ["network", "--seed", str(seed), *options])

    assert isinstance(said.exception, CallerFault)
