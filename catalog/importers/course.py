"""A course being read: its sources, one after the other, become its activities and layers.

* Several sources make one course, with an activity for each at least.
* A source is read to its end or refused with a sentence; what was read before then is dropped with the batch. One that
  nobody named, but which lay in a folder or an archive among others, is left out with that sentence instead.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

from catalog.durable import free_bytes
from catalog.fault import CallerFault, ContentFault, DiskFull
from catalog.importers.folder import walk
from catalog.importers.intake import About, Intake, Progress, title_of
from catalog.importers.media.captions import is_captions, with_captions
from catalog.importers.media.film import films_of
from catalog.importers.registry import importer_of
from catalog.importers.repairs.zawgyi import unicode_of
from catalog.importers.report import Report
from catalog.importers.source import Source
from catalog.importers.within import SOURCES_MAX, Within, too_many
from catalog.manifest import Activity, Layer, words
from catalog.renditions.studio import Studio
from catalog.store import Batch
from catalog.tree import check_paths


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
    with batch.workplace() as scratch:
        report = Report()
        plain = _expanded(sources, report, scratch)
        return _read(plain, set(sources), report, batch, language, title, progress, studio)


def _read(
    plain: Sequence[tuple[Path, str]],
    given: Set[Path],
    report: Report,
    batch: Batch,
    language: str,
    title: str | None,
    progress: Progress,
    studio: Studio | None,
) -> Imported:
    total_bytes = sum(_size_bytes(source) for source, _ in plain)
    _demand_room(batch, total_bytes - batch.held_bytes)
    intake = Intake(batch, report, language, progress, total_bytes, importer_of, studio)
    captions = [source for source, _ in plain if is_captions(source)]
    if len(plain) - len(captions) > 1 and len(given) == 1:
        intake.about.title = title_of(next(iter(given)))
    films: list[tuple[Path, Activity]] = []
    activities: list[Activity] = []
    refused: list[tuple[Path, ContentFault]] = []
    for source, heading in plain:
        if source in captions:
            continue
        said, intake.about = intake.about, About()
        try:
            with intake.all_or_nothing(), Source(source, report) as opened:
                importer = importer_of(opened)
                found = importer.read(opened, intake)
        except ContentFault as fault:
            if source in given or len(plain) == 1:
                raise
            intake.about = said
            refused.append((source, fault))
            continue
        intake.about = said.with_more(intake.about)
        report.formats.append(importer.format)
        if len(plain) > 1:
            found = [_under(activity, heading) for activity in found]
        films += [(source, activity) for activity in films_of(found)]
        activities += found
    if refused and not activities:
        raise refused[0][1]
    report.left_out += [f"{source.name}: {fault.sentence}" for source, fault in refused]
    if not activities:
        raise ContentFault("There are only captions here, and no film.", "Import them together with their film.")
    told = with_captions([film for _, film in films], [source for source, _ in films], captions, intake)
    captioned = {film.id: film for film in told}
    activities = [_in_unicode(captioned.get(activity.id, activity)) for activity in activities]
    if title and len(activities) == 1:
        activities = [_titled(activities[0], {language: title})]
    layers = intake.layers()
    check_paths(entry.path for layer in layers for entry in layer.entries)
    intake.about.title = unicode_of(intake.about.title)
    intake.about.description = unicode_of(intake.about.description)
    report.title = title or intake.about.title or words(activities[0].title, language)
    report.activities = [
        {"id": activity.id, "kind": activity.kind, "title": words(activity.title, language)} for activity in activities
    ]
    return Imported(report.title, tuple(activities), layers, report, intake.about)


def _expanded(sources: Sequence[Path], report: Report, scratch: Path) -> list[tuple[Path, str]]:
    """The sources, and in place of one that only holds others, those; each with the heading of its folders."""
    if not sources:
        raise CallerFault("There is nothing to import.", "Name a folder, a zip, a film or a PDF.")
    within = Within(report, scratch)
    plain: list[tuple[Path, str]] = []
    for source in sources:
        if not source.exists():
            raise CallerFault(f"There is no {source.name} here.", f"Check the path {source}.")
        if not source.is_dir() and not source.is_file():
            raise CallerFault(f"{source.name} is not a file or a folder.", "Name a folder, a zip, a film or a PDF.")
        plain += [(one, within.heading(one)) for one in within.sources(source)]
    if len(plain) > SOURCES_MAX:
        raise too_many()
    return plain


def _size_bytes(source: Path) -> int:
    if source.is_dir():
        return sum(found.size_bytes for found in walk(source, Report()))
    return source.stat().st_size


def _demand_room(batch: Batch, wanted_bytes: int) -> None:
    free = free_bytes(batch.folder)
    if wanted_bytes > free:
        raise DiskFull(
            f"The disk has {free >> 20} MiB free, and the course needs at least {wanted_bytes >> 20} MiB.",
            "Free some space or take a larger disk; nothing was written.",
        )


def _in_unicode(activity: Activity) -> Activity:
    """The activity with its words in letters that every font knows."""
    title = {language: unicode_of(said) for language, said in activity.title.items()}
    section = activity.attributes.get("section")
    more = {"section": unicode_of(section)} if isinstance(section, str) else {}
    return replace(activity, title=title, attributes={**activity.attributes, **more})


def _under(activity: Activity, heading: str) -> Activity:
    """The activity below the heading of the folder that it lay in."""
    own = activity.attributes.get("section")
    section = " · ".join(one for one in (heading, own) if isinstance(one, str) and one)
    return replace(activity, attributes={**activity.attributes, "section": section}) if section else activity


def _titled(activity: Activity, title: Mapping[str, str]) -> Activity:
    return Activity(activity.id, activity.kind, activity.path, title, activity.attributes)
