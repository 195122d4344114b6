"""By hand: what `qanat hub publish` does with a draft, from the files to the release, in one go.

* It is the very way of the pages, draft and all; a dry run goes it up to the button.
* However it ends, no draft is left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.about import About
from catalog.fault import CallerFault
from catalog.importers.intake import Progress
from catalog.importers.report import Report
from catalog.manifest import CORE, Release
from catalog.moved import composed, moved_in
from catalog.publish import Prepared, let_go, prepare
from catalog.renditions.studio import Studio
from sync.hub.drafts.cost import Cost
from sync.hub.drafts.draft import Draft
from sync.hub.drafts.midst import Update
from sync.hub.keeping.audit import COMMAND_LINE

if TYPE_CHECKING:
    from sync.hub.hub import Hub


@dataclass(frozen=True, slots=True)
class Wish:
    """What a command line asks for. None and () leave things as they are."""

    campuses: tuple[str, ...] = ()
    layers: tuple[str, ...] | None = None
    due_seconds: int = 0
    holds: Mapping[str, int] | None = None
    """By the campus's name."""
    moved: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. `release` has no number after a dry run."""

    release: Release
    is_new: bool
    report: Report
    costs: Sequence[Cost]
    """Of a dry run: packs are built for it, which takes as long as publishing does."""
    update: Update | None
    due_seconds: int

    def document(self) -> dict[str, Any]:
        moved = moved_in(self.release)
        return {
            "costs": [cost.document() for cost in self.costs],
            "update": None if self.update is None else self.update.document(moved),
            "moved": moved,
            "due": self.due_seconds or None,
        }


def publish(
    hub: "Hub",
    sources: Sequence[Path],
    about: About,
    wish: Wish,
    *,
    course: str | None = None,
    is_dry: bool = False,
    progress: Progress | None = None,
    studio: Studio | None = None,
) -> Outcome:
    """Make `sources` the next release of a course, for whom and when `wish` says; or, dry, say what that would cost.
    With a `studio`, smaller versions of its films are made.

    Raises CallerFault, ContentFault, DiskFull or BoxFault; then nothing of it stays.
    """
    campuses = {campus.name: campus.id for campus in hub.fleet.campuses()}
    for name in (*wish.campuses, *(wish.holds or ())):
        if name not in campuses:
            raise CallerFault(f"There is no campus {name} here.", "`qanat hub boxes` names those that there are.")
    draft = hub.drafts.make(about, course or "", COMMAND_LINE)
    try:
        report = _import(hub, draft, sources, about, course, progress, studio)
        one = hub.drafts.find(draft)
        one = _wished(one, wish, campuses)
        hub.drafts.say(draft, one.about, one.choice)
        hub.publishing.demand_publishable(one)
        update = hub.publishing.update(one)
        if is_dry:
            hub.weighing.weigh_missing(draft)
            costs = hub.publishing.costs(one)
            return Outcome(_dry(one, update), True, report, costs, update, one.choice.due_seconds)
        release, is_new = hub.publishing.publish_draft(one)
        hub.packing.build_missing()
        return Outcome(release, is_new, report, (), update, one.choice.due_seconds)
    finally:
        hub.drafts.discard(draft)
        let_go(hub.catalog, hub.drafts.layer_roots)


def seconds_at(text: str) -> int:
    """A moment as somebody writes it, in UTC: 2027-03-01, or 2027-03-01 02:30.

    Raises CallerFault.
    """
    try:
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError) as error:
        raise CallerFault(
            f"{text!r} is no day and no time.", 'Write it as "2027-03-01" or "2027-03-01 02:30" (UTC).'
        ) from error


def pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """Pairs such as old=new. Raises CallerFault."""
    said: dict[str, str] = {}
    for text in texts:
        left, sign, right = text.partition("=")
        if not left or not sign:
            raise CallerFault(f"{option} {text!r} is no pair.", f"Write it as {option} LEFT=RIGHT.")
        said[left.strip()] = right.strip()
    return said


def _import(
    hub: "Hub",
    draft: str,
    sources: Sequence[Path],
    about: About,
    course: str | None,
    progress: Progress | None,
    studio: Studio | None,
) -> Report:
    language = (about.languages or ("en",))[0]

    def keep(prepared: Prepared) -> None:
        former = hub.catalog.releases.latest(prepared.release.course)
        hub.drafts.imported(draft, prepared.release, prepared.report, former)

    return prepare(
        sources,
        hub.catalog,
        now_seconds=hub.clock.now().wall_seconds,
        course=course,
        title=about.title.get(language) or None,
        language=language,
        progress=progress,
        studio=studio,
        is_welcome=hub.publishing.demand_own,
        keep=keep,
    ).report


def _wished(one: Draft, wish: Wish, campuses: Mapping[str, str]) -> Draft:
    choice = one.choice
    if wish.campuses:
        choice = replace(choice, campuses=tuple(campuses[name] for name in wish.campuses))
    if wish.layers is not None:
        unknown = sorted(set(wish.layers) - one.said.layers.keys())
        if unknown:
            raise CallerFault(
                f"This course has no layer {', '.join(unknown)}.", f"It has {', '.join(sorted(one.said.layers))}."
            )
        taken = tuple(layer for layer in wish.layers if layer != CORE)
        chosen = [campus for campus in campuses.values() if choice.is_for(campus)]
        choice = replace(choice, layers={**choice.layers, **dict.fromkeys(chosen, taken)})
    if wish.holds:
        holds = {campuses[name]: until_seconds for name, until_seconds in wish.holds.items()}
        choice = replace(choice, holds={**choice.holds, **holds})
    choice = replace(choice, due_seconds=wish.due_seconds or choice.due_seconds)
    if not wish.moved:
        return replace(one, choice=choice)
    moved = {old: new for old, new in {**one.about.moved, **wish.moved}.items() if new}
    return replace(one, choice=choice, about=replace(one.about, moved=moved))


def _dry(one: Draft, update: Update | None) -> Release:
    """The release as it would be, without a number."""
    if update is None:
        return one.said
    ids = {activity.id for activity in one.said.activities}
    moved = composed(moved_in(update.former), one.about.moved, ids)
    return replace(one.about, moved=moved).said_of(one.said)
