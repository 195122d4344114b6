"""A night on the wire: a real box and a real hub in namespaces of their own, and every frame between them recorded.

The box talks to its hub and to nobody else, and the budget's ledger has counted as many bytes as the recording has.
"""

import json
import os
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge.birth.seed import Wifi
from provisioning.demo import qanat_json
from provisioning.network import rules
from provisioning.network.plan import Plan
from tests.system.fields import BOX_OUTSIDE, NFT, UPLINK, WORLD, Field, until

pytestmark = pytest.mark.system

COURSE_BYTES = 300_000
PORT = 8080
QANAT = (sys.executable, "-m", "provisioning")
HELLO = "224.0.0.251"
"""Where boxes of one network call each other by mDNS."""

FRAMES_MAX_BYTES = 2000
"""Of a late ARP or a last acknowledgement between two looks."""

ETHERNET_BYTES, ARP, IPV4 = 14, 0x0806, 0x0800


@dataclass(frozen=True)
class Frame:
    """One frame as it crossed: its length with its Ethernet header, and between whom."""

    size_bytes: int
    kind: int
    source: str
    target: str


@pytest.fixture
def field() -> Iterator[Field]:
    field = Field("wlan0")
    try:
        for where in ("box", "world"):
            field.runs(where, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")
        yield field
    finally:
        field.close()


def test_a_night_goes_to_the_hub_alone_and_the_ledger_has_every_byte(field: Field, tmp_path: Path) -> None:
    hub, box, recording, rulesfile = (tmp_path / name for name in ("hub", "box", "night.pcap", "rules"))
    plan = Plan(card="a" * 16, wifi=Wifi("Qanat", "korall-7-baum", "DJ", 6), user=str(os.getuid()))
    rulesfile.write_text(rules.ruleset(plan))
    field.runs("box", NFT, "-f", rulesfile)
    box.mkdir()
    (box / "box.toml").write_text(f'uplink = "{UPLINK}"\n')
    with ExitStack() as leaving:
        leaving.enter_context(field.running("world", *QANAT, "hub", "serve", "--data", hub, "--host", WORLD))
        until(lambda: field.hears("box", WORLD, PORT) == "open")
        token = qanat_json("hub", "token", "--data", str(hub), "--campus", "Obock")["token"]
        there = ("--hub", f"http://{WORLD}:{PORT}", "--token", token, "--name", "Obock")
        field.runs("box", *QANAT, "box", "enrol", "--data", box, *there)
        begun_bytes = crossed_bytes(field)
        with recorded(field, recording):
            with field.running("box", *QANAT, "box", "serve", "--data", box):
                until(lambda: field.hears("box", "127.0.0.1", PORT) == "open")
                qanat_json("box", "sync", "--data", str(box))
                first = counted(box)
                publish(hub, tmp_path / "course")
                qanat_json("box", "sync", "--data", str(box))
            ended_bytes = crossed_bytes(field)
            until(lambda: recorded_bytes(recording) >= ended_bytes - begun_bytes - FRAMES_MAX_BYTES)
        last = counted(box)

    frames = read(recording)
    before_bytes, after_bytes = first.kernel_bytes - begun_bytes, ended_bytes - last.kernel_bytes

    assert {(BOX_OUTSIDE, WORLD), (WORLD, BOX_OUTSIDE)} == {
        (frame.source, frame.target) for frame in frames if frame.kind == IPV4 and frame.target != HELLO
    }
    assert {ARP, IPV4} >= {frame.kind for frame in frames}
    assert last.ledger_bytes - first.ledger_bytes > COURSE_BYTES
    assert last.kernel_bytes - first.kernel_bytes == last.ledger_bytes - first.ledger_bytes
    counted_bytes = before_bytes + (last.ledger_bytes - first.ledger_bytes) + after_bytes
    assert abs(counted_bytes - recorded_bytes(recording)) <= FRAMES_MAX_BYTES


@dataclass(frozen=True)
class Counted:
    """What a box has counted: by the kernel's counter, and into its ledger."""

    kernel_bytes: int
    ledger_bytes: int


def counted(box: Path) -> Counted:
    with sqlite3.connect(f"file:{box}/box.db?mode=ro", uri=True) as database:  # noqa: TID251 - beside a running box
        kernel_bytes = database.execute("select counted_bytes from uplink").fetchone()[0]
        ledger_bytes = database.execute("select coalesce(sum(own_bytes + other_bytes), 0) from ledger").fetchone()[0]
    return Counted(kernel_bytes, ledger_bytes)


def crossed_bytes(field: Field) -> int:
    """The kernel's counters of the uplink, both directions."""
    said = json.loads(field.runs("box", "ip", "-json", "-statistics", "link", "show", UPLINK))[0]["stats64"]
    return int(said["rx"]["bytes"]) + int(said["tx"]["bytes"])


def publish(hub: Path, course: Path) -> None:
    course.mkdir()
    (course / "index.html").write_text("<!doctype html><title>Noise</title><img src=noise.png>")
    (course / "noise.png").write_bytes(os.urandom(COURSE_BYTES))
    qanat_json("hub", "publish", str(course), "--data", str(hub), "--course", "noise", "--title", "Noise")


@contextmanager
def recorded(field: Field, recording: Path) -> Iterator[None]:
    """Every frame on the uplink, from its head on, until the block ends."""
    command = (
        "tcpdump",
        "--interface",
        UPLINK,
        "--immediate-mode",
        "-U",
        "--snapshot-length=128",
        "-Z",
        "root",
        "-w",
        recording,
    )
    with field.running("box", *command, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert b"listening" in process.stderr.readline()
        yield


def recorded_bytes(recording: Path) -> int:
    return sum(frame.size_bytes for frame in read(recording))


def read(recording: Path) -> list[Frame]:
    data, at, frames = recording.read_bytes(), 24, []
    while at + 16 < len(data):
        _, _, kept, size_bytes = struct.unpack("<IIII", data[at : at + 16])
        head = data[at + 16 : at + 16 + kept]
        kind = struct.unpack(">H", head[12:14])[0]
        places = [".".join(map(str, head[ETHERNET_BYTES + start :][:4])) for start in (12, 16)]
        frames.append(Frame(size_bytes, kind, *places))
        at += 16 + kept
    return frames
