"""What progress has to hold: each measure's bar, what Kolibri needs for the same, and whether it holds.

* Everything here is a function of figures: it runs nothing, so that a test can ask what a bad figure would be called.
* A night after which hub and box do not hold the same holds no bar, however little it cost.
* Kolibri's figures are of 0.19.5, measured by us on a machine of the same kind: `kolibri manage sync` between two
  devices, the same number of log rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.bench.progress_intake import Pace
from tests.bench.progress_night import AGAIN_BYTES_MAX, Killed, Went
from tests.bench.table import Row

LARGE, SMALL = 20_000, 200
"""Events of a night: a large school after a week without a link, a small one's ordinary night."""


@dataclass(frozen=True, slots=True)
class Bar:
    """What a night with so many events may cost, and what it costs with Kolibri."""

    bytes_max: int
    requests_max: int
    cpu_seconds_max: float | None
    kolibri_bytes: int
    kolibri_requests: int
    kolibri_cpu: str


NIGHTS: Mapping[int, Bar] = {
    LARGE: Bar(1_600_000, 12, 4.0, 31_108_685, 222, "76 s"),
    SMALL: Bar(16_000, 2, None, 68_916, 31, "2.2 s, one side"),
}
TAKEN_PER_SECOND_MIN = 20_000
READ_OUT_PER_SECOND_MIN = 5_000
DISK_BYTES_MAX = 500
KOLIBRI_DISK_BYTES = 3_400


def night_rows(night: Went, wanted: int) -> list[Row]:
    """A night's bytes, requests and CPU."""
    bar, name = NIGHTS[wanted], f"{wanted:,} events up"
    is_true = night.is_whole and night.events == wanted
    said = "" if is_true else ", but NOT the same on both sides"
    each = night.bytes / wanted
    cpu_holds = None if bar.cpu_seconds_max is None else is_true and night.cpu_seconds <= bar.cpu_seconds_max
    cpu = (
        f"{night.cpu_seconds:.2f} s ({night.box_cpu_seconds:.2f} box, {night.hub_cpu_seconds:.2f} hub; "
        f"{night.quiet_cpu_seconds:.2f} with nothing new)"
    )
    return [
        Row(
            f"{name}: bytes both ways, headers counted", f"{bar.kolibri_bytes:,}",
            f"{night.bytes:,} ({each:.1f} each){said}", f"<= {bar.bytes_max:,}",
            is_true and night.bytes <= bar.bytes_max, night.bytes,
        ),
        Row(
            f"{name}: requests", str(bar.kolibri_requests), f"{night.requests}{said}", f"<= {bar.requests_max}",
            is_true and night.requests <= bar.requests_max, night.requests,
        ),
        Row(
            f"{name}: CPU of both sides, starts included", bar.kolibri_cpu, cpu,
            "-" if bar.cpu_seconds_max is None else f"<= {bar.cpu_seconds_max:.0f} s", cpu_holds, night.cpu_seconds,
        ),
    ]  # fmt: skip


def pace_rows(pace: Pace) -> list[Row]:
    """How fast the hub takes events in, and how fast it reads them out."""
    taken, read = pace.taken_per_second, pace.read_out_per_second
    said = f"{taken:,.0f}/s ({pace.taken_per_cpu_second:,.0f} per CPU second)"
    return [
        Row(
            "hub intake, SQLite, one process: durable and acknowledged", "38/s as run", said,
            f">= {TAKEN_PER_SECOND_MIN:,}/s", taken >= TAKEN_PER_SECOND_MIN, taken,
        ),
        Row(
            "the same: read out into tables", "-", f"{read:,.0f}/s", f">= {READ_OUT_PER_SECOND_MIN:,}/s",
            read >= READ_OUT_PER_SECOND_MIN, read,
        ),
    ]  # fmt: skip


def disk_rows(before_bytes: int, after_bytes: int, events: int) -> list[Row]:
    """What an event costs on the box's disk, after it was told to the hub."""
    each = (after_bytes - before_bytes) / events
    return [
        Row(
            f"box disk of an event after its night, indexes included ({events:,} events)",
            f"{KOLIBRI_DISK_BYTES:,} B", f"{each:,.0f} B", f"<= {DISK_BYTES_MAX} B", each <= DISK_BYTES_MAX, each,
        )
    ]  # fmt: skip


def killed_rows(killed: Killed) -> list[Row]:
    """What a hub that is killed in the middle of a night costs."""
    name = f"hub killed in the middle, {killed.kills} nights"
    again = killed.again_bytes_max
    return [
        Row(
            f"{name}: sent again at most", "all of it", f"{again:,} B", "<= 1 batch (256 KiB)",
            again <= AGAIN_BYTES_MAX, again,
        ),
        _none(f"{name}: events lost", "0", killed.lost),
        _none(f"{name}: events doubled", "0", killed.doubled),
        _none(f"{name}: rows and files left over", "3,014 rows", killed.residue),
    ]  # fmt: skip


def _none(measure: str, peer: str, count: int) -> Row:
    return Row(measure, peer, str(count), "0", count == 0, count)
