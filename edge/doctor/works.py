"""What commands ask of the doctor: an examination in words, of a box that is open or of one that cannot be."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog import durable
from catalog.fault import CallerFault
from edge.doctor import checks, facts, wording
from edge.doctor.checks import Check, Finding
from edge.doctor.facts import Facts

if TYPE_CHECKING:
    from edge.box import Box


def doctor(box: "Box") -> Mapping[str, Any]:
    """Examine a box that is open."""
    return document(facts.read(box))


def logs(box: "Box", request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Write the report for the hub's staff to "to", sealed. Raises CallerFault, DiskFull, BoxFault."""
    # Loaded when somebody asks for a report, not for an examination.
    from edge.doctor.bundle import write

    to = Path(request["to"])
    if not to.parent.is_dir():
        raise CallerFault(f"There is no folder {to.parent}.", "Name a file in a folder that is there.")
    try:
        with durable.replacing(to, 0o600) as target:
            write(box, target, request["recipient"])
    except OSError as error:
        raise durable.disk_fault(error, to) from error
    return {"file": str(to), "bytes": to.stat().st_size, "box": box.id}


def doctor_of_closed(data: Path, why: str) -> Mapping[str, Any]:
    """Examine a box that could not be opened; `why` is what was said then."""
    return {**document(facts.read_closed(data)), "why_closed": why}


def document(found: Facts) -> Mapping[str, Any]:
    """The examination, as `qanat box doctor --json` prints it."""
    findings = checks.examine(found)
    return {
        "box": found.inside.box if found.inside else "",
        "is_well": checks.is_well(findings),
        "code": checks.code(found, findings),
        "checks": [_row(finding, found) for finding in findings],
        "machine": _plain(asdict(found.machine)),
        "why_closed": "",
    }


def of_code(code: str) -> Mapping[str, Any]:
    """What a code says that was read out on the phone. Raises CodeMisheard."""
    from edge.doctor.code import read

    said = read(code)
    known = [Check(number) for number in sorted(said.checks) if number in set(Check)]
    return {
        "room_step": said.room_step,
        "days_step": said.days_step,
        "checks": [
            {"check": one.name.lower().replace("_", "-"), "sentence": wording.wrong(one), "hint": wording.step(one)}
            for one in known
        ],
        "newer": len(said.checks) - len(known),
    }


def _row(finding: Finding, found: Facts) -> Mapping[str, Any]:
    words = {"sentence": "", "hint": ""}
    if finding.stands:
        words = {"sentence": wording.sentence(finding), "hint": wording.next_step(finding, found)}
    return {
        "check": finding.check.name.lower().replace("_", "-"),
        "title": wording.title(finding.check),
        "state": finding.state.value,
        "seen": wording.seen(finding.check, found),
        **words,
    }


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {name: _plain(one) for name, one in value.items()}
        case frozenset():
            return sorted(value)
        case _:
            return value
