"""A course being read: its sources, one after the other, become its activities and layers.

* Several sources make one course, with an activity for each at least.
* A source is read to its end or refused with a sentence; what was read before then is dropped with the batch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from catalog.durable import free_bytes
from catalog.fault import CallerFault, ContentFault, DiskFull
from catalog.importers.folder import Found, walk
from catalog.importers.intake import About, Intake, Progress
from catalog.importers.media.captions import is_captions, with_captions
from catalog.importers.media.film import films_of
from catalog.importers.registry import importer_of, is_known, is_package
from catalog.importers.repairs.zawgyi import unicode_of
from catalog.importers.report import Report
from catalog.importers.site import arrange
from catalog.importers.source import Source
from catalog.manifest import Activity, Layer, words
from catalog.renditions.studio import Studio
from catalog.store import Batch
from catalog.tree import check_paths

SOURCES_MAX = 200


@dataclass(frozen=True, slots=True)
class Imported:
    """A course as it was read: its files are in the batch."""

    title: str
    activities: tuple[Activity, ...]
    layers: tuple[Layer, ...]
    report: Report
    about: About


def read(
    sources: Sequence[Path],
    batch: Batch,
    language: str,
    title: str | None,
    progress: Progress,
    studio: Studio | None = None,
) -> Imported:
    """Read `sources` into `batch` as one course; with a `studio`, smaller versions of its films are made.

    Raises ContentFault where a source is damaged, hostile or unknown; CallerFault where it is not there; DiskFull.
    """
    report = Report()
    plain = _expanded(sources, report)
    total_bytes = sum(_size_bytes(source) for source in plain)
    _demand_room(batch, total_bytes - batch.held_bytes)
    intake = Intake(batch, report, language, progress, total_bytes, importer_of, studio)
    captions = [source for source in plain if is_captions(source)]
    films: list[tuple[Path, Activity]] = []
    activities: list[Activity] = []
    for source in plain:
        if source in captions:
            continue
        with Source(source, report) as opened:
            importer = importer_of(opened)
            report.formats.append(importer.format)
            said, intake.about = intake.about, About()
            found = importer.read(opened, intake)
            intake.about = said.with_more(intake.about)
        films += [(source, activity) for activity in films_of(found)]
        activities += found
    if not activities:
        raise ContentFault("There are only captions here, and no film.", "Import them together with their film.")
    told = with_captions([film for _, film in films], [source for source, _ in films], captions, intake)
    captioned = {film.id: film for film in told}
    activities = [captioned.get(activity.id, activity) for activity in activities]
    if title and len(activities) == 1:
        activities = [_titled(activities[0], {language: title})]
    activities = [_in_unicode(activity) for activity in activities]
    layers = intake.layers()
    check_paths(entry.path for layer in layers for entry in layer.entries)
    intake.about.title = unicode_of(intake.about.title)
    intake.about.description = unicode_of(intake.about.description)
    report.title = title or intake.about.title or words(activities[0].title, language)
    report.activities = [
        {"id": activity.id, "kind": activity.kind, "title": words(activity.title, language)} for activity in activities
    ]
    return Imported(report.title, tuple(activities), layers, report, intake.about)


def _expanded(sources: Sequence[Path], report: Report) -> list[Path]:
    """The sources, a folder of films and documents without a page of its own being those films and documents."""
    if not sources:
        raise CallerFault("There is nothing to import.", "Name a folder, a zip, a film or a PDF.")
    plain: list[Path] = []
    for source in sources:
        if not source.exists():
            raise CallerFault(f"There is no {source.name} here.", f"Check the path {source}.")
        plain += _inside(source, report) if source.is_dir() else [source]
    if len(plain) > SOURCES_MAX:
        raise ContentFault(f"There are more than {SOURCES_MAX} sources for one course.", "Divide them into courses.")
    return plain


def _inside(folder: Path, report: Report) -> list[Path]:
    if is_package(folder):
        return [folder]
    found = walk(folder, Report())
    site = arrange(folder.name, [one.path for one in found])
    if site is not None:
        return [folder]
    known: list[Found] = []
    unknown: list[Found] = []
    for one in found:
        (known if is_captions(one.place) or is_known(one.place) else unknown).append(one)
    report.left_out += [f"{one.path}: not a kind of file that can be imported." for one in unknown if known]
    return [one.place for one in known] or [folder]


def _size_bytes(source: Path) -> int:
    if source.is_dir():
        return sum(found.size_bytes for found in walk(source, Report()))
    if not source.is_file():
        raise CallerFault(f"{source.name} is not a file or a folder.", "Name a folder, a zip, a film or a PDF.")
    return source.stat().st_size


def _demand_room(batch: Batch, wanted_bytes: int) -> None:
    free = free_bytes(batch.folder)
    if wanted_bytes > free:
        raise DiskFull(
            f"The disk has {free >> 20} MiB free, and the course needs at least {wanted_bytes >> 20} MiB.",
            "Free some space or take a larger disk; nothing was written.",
        )


def _in_unicode(activity: Activity) -> Activity:
    """Burmese words in Zawgyi as Unicode, in what a course page shows of an activity."""
    heading = activity.attributes.get("section")
    told = {"section": unicode_of(heading)} if isinstance(heading, str) else {}
    titles = {language: unicode_of(title) for language, title in activity.title.items()}
    return replace(activity, title=titles, attributes={**activity.attributes, **told})


def _titled(activity: Activity, title: Mapping[str, str]) -> Activity:
    return Activity(activity.id, activity.kind, activity.path, title, activity.attributes)
