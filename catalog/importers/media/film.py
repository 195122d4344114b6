"""Films and sound in whatever container: kept where phones play them, made to fit where a studio can, else refused.

* A film is checked as far as a player needs it: its index is there, and it does not end early.
* The original travels in a layer of its own, each smaller version in one of its own, all else in the core: a course
  can be opened before its films have arrived, and a box takes of them what it was told to.
* What the studio cannot read stays as it came where a browser opens such a container, and the report says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.fault import ContentFault
from catalog.importers.intake import Intake, pieces_of, safe_name, slug, title_of
from catalog.importers.media import mp4, webm
from catalog.importers.media.containers import M4A, MP4, Container, container_of
from catalog.importers.media.languages import short_tag
from catalog.importers.source import Source
from catalog.manifest import Activity
from catalog.media import media_type
from catalog.renditions.facts import Facts
from catalog.renditions.ladder import AUDIO, FULL, SMALLER_PERMILLE, VIDEO, original, rungs
from catalog.renditions.studio import Studio, needs_studio

LAYER = "video"
FULL_SOUND_LAYER = "audio-full"
POSTER = "poster.jpg"


class Film:
    """A film or sound in a file of its own; which of the two, its container says."""

    def __init__(self, *, is_sound: bool) -> None:
        self.format = AUDIO if is_sound else VIDEO
        self._is_sound = is_sound

    def recognises(self, source: Source) -> bool:
        container = _container(source)
        return container is not None and container.is_sound == self._is_sound

    def read(self, opened: Source, intake: Intake) -> list[Activity]:
        container = _container(opened)
        assert container is not None, "it was recognised"
        seconds = _checked_seconds(opened.path, container)
        facts = intake.studio.facts(opened.path, container.reader) if intake.studio else None
        making = _Making(opened.path, container, intake, facts)
        return [making.activity(seconds)]


@dataclass(frozen=True, slots=True)
class _Full:
    """The version that stands for the original: its file, its path in the course, how tall and how heavy it is."""

    file: Path
    path: str
    height: int
    size_bytes: int


@dataclass(slots=True)
class _Making:
    """One film on its way into the course."""

    source: Path
    container: Container
    intake: Intake
    facts: Facts | None

    def activity(self, seconds: int) -> Activity:
        self._demand_playable()
        is_film = bool(self.facts.film) if self.facts else not self.container.is_sound
        kind = VIDEO if is_film else AUDIO
        name = self.intake.claim_id(slug(self.source.stem, kind))
        if self.facts is None or self.intake.studio is None:
            path = f"{name}/{_named(self.source, self.container, kind)}"
            self.intake.add(path, pieces_of(self.source), layer=kind, media_type=_type(self.container, kind))
            attributes: dict[str, Any] = {"seconds": seconds} if seconds else {}
        else:
            with self.intake.workplace() as place:
                path, attributes = self._made(name, kind, self.facts, self.intake.studio, place)
        title = (self.facts.title if self.facts else "") or title_of(self.source)
        return Activity(name, kind, path, {self.intake.language: title}, attributes)

    def _demand_playable(self) -> None:
        """Raises ContentFault where nothing of it could be played."""
        if self.facts is not None or self.container.is_playable:
            if self.facts is None and self.intake.studio is not None:
                self.intake.report.noted.append(f"{self.source.name}: ffmpeg cannot read it; taken as it came.")
            return
        what = f"a {self.container.suffix} file"
        if self.intake.studio is None:
            raise needs_studio(self.source.name, what)
        raise ContentFault(
            f"{self.source.name} is {what} that cannot be read; it may be damaged.", "Export it again as MP4."
        )

    def _made(self, name: str, kind: str, facts: Facts, studio: Studio, place: Path) -> tuple[str, dict[str, Any]]:
        full = self._original(name, kind, facts, studio, place)
        made = self._smaller(name, facts, studio, place, full.size_bytes)
        layer = VIDEO if kind == VIDEO else FULL_SOUND_LAYER if made else AUDIO
        own_type = _type(self.container, kind) if full.file == self.source else f"{kind}/mp4"
        self.intake.add(full.path, pieces_of(full.file), layer=layer, media_type=own_type, is_counted=False)
        self.intake.advance(self.source.stat().st_size)
        whole = {"height": full.height, "kind": kind, "name": FULL, "path": full.path, "size_bytes": full.size_bytes}
        attributes: dict[str, Any] = {"seconds": facts.seconds} if facts.seconds else {}
        attributes["renditions"] = [whole, *made]
        if facts.chapters:
            attributes["chapters"] = [{"seconds": one.seconds, "title": one.title} for one in facts.chapters]
        if captions := self._captions(name, facts, studio, place):
            attributes["captions"] = captions
        if kind == VIDEO and studio.poster(self.source, facts, place / POSTER):
            attributes["poster"] = f"{name}/{POSTER}"
            self.intake.add(attributes["poster"], pieces_of(place / POSTER), role="poster", is_counted=False)
        return full.path, attributes

    def _original(self, name: str, kind: str, facts: Facts, studio: Studio, place: Path) -> "_Full":
        """What stands for the original: itself, itself in another wrapping, or what was made of it."""
        as_it_is = f"{name}/{_named(self.source, self.container, kind)}"
        if facts.is_playable and (self.container not in (MP4, M4A) or mp4.is_faststart(self.source)):
            return _Full(self.source, as_it_is, facts.height, self.source.stat().st_size)
        target, suffix = place / FULL, ".m4a" if kind == AUDIO else ".mp4"
        path = f"{name}/{safe_name(self.source.with_suffix(suffix))}"
        fits = facts.film in ("", "h264") and facts.sound in ("", "aac", "mp3") and facts.is_plain_picture
        held_bytes = self.intake.held_bytes(path)
        report = self.intake.report
        if fits and (held_bytes is not None or studio.repack(self.source, facts, target)):
            report.repaired.append(f"{self.source.name}: wrapped anew as {suffix}, so that it starts at once.")
            return _Full(target, path, facts.height, held_bytes or target.stat().st_size)
        if facts.is_playable:
            return _Full(self.source, as_it_is, facts.height, self.source.stat().st_size)
        rung, say = original(facts), self.intake.working(self.source.stat().st_size)
        if held_bytes is not None or studio.make(self.source, facts, rung, target, say):
            codecs = " and ".join(filter(None, (facts.film, facts.sound)))
            report.repaired.append(f"{self.source.name}: {codecs} made into what phones play ({suffix}).")
            return _Full(target, path, rung.height, held_bytes or target.stat().st_size)
        raise ContentFault(
            f"{self.source.name} cannot be made into a film that phones play; it may be damaged.", "Export it as MP4."
        )

    def _smaller(self, name: str, facts: Facts, studio: Studio, place: Path, full_bytes: int) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = []
        for rung in rungs(facts):
            suffix = ".m4a" if rung.kind == AUDIO else ".mp4"
            path, target = f"{name}/{rung.name}{suffix}", place / rung.name
            if self.intake.held_bytes(path) is None:
                say = self.intake.working(self.source.stat().st_size)
                if not studio.make(self.source, facts, rung, target, say):
                    self.intake.report.noted.append(f"{self.source.name}: the version {rung.name} could not be made.")
                    continue
                if target.stat().st_size * 1000 > full_bytes * SMALLER_PERMILLE:
                    continue
            kind = f"{rung.kind}/mp4"
            added = self.intake.add(path, pieces_of(target), layer=rung.name, media_type=kind, is_counted=False)
            made.append(
                {"height": rung.height, "kind": rung.kind, "name": rung.name, "path": path,
                 "size_bytes": added.entry.size_bytes}
            )  # fmt: skip
            target.unlink(missing_ok=True)
        return made

    def _captions(self, name: str, facts: Facts, studio: Studio, place: Path) -> list[dict[str, str]]:
        tracks = []
        for track in facts.captions:
            target = place / f"{track.number}.vtt"
            if not studio.captions(self.source, facts, track.number, target):
                self.intake.report.left_out.append(f"{self.source.name}: captions {track.number + 1} cannot be read.")
                continue
            path = f"{name}/captions-{track.number + 1}.vtt"
            self.intake.add(path, pieces_of(target), role="captions", media_type="text/vtt", is_counted=False)
            language = short_tag(track.language) or self.intake.language
            tracks.append({"label": track.label or language, "language": language, "path": path})
        return tracks


def _container(source: Source) -> Container | None:
    """The container that its first bytes tell; of MP4, its tracks say which of the two it is."""
    container = container_of(source.head)
    return M4A if container is MP4 and mp4.is_sound(source.path) else container


def _checked_seconds(source: Path, container: Container) -> int:
    """Raises ContentFault where the film was cut, or has no index."""
    if container in (MP4, M4A):
        return mp4.seconds_of(source)
    return webm.seconds_of(source) if container.suffix == ".webm" else 0


def _named(source: Path, container: Container, kind: str) -> str:
    """The file's own name, with a suffix by which a browser is told what it is."""
    name = safe_name(source)
    return name if media_type(name) == _type(container, kind) else name.removesuffix(source.suffix) + container.suffix


def _type(container: Container, kind: str) -> str:
    """A container says of itself film or sound; what is in it knows better."""
    return f"{kind}/{container.media_type.partition('/')[2]}"


def films_of(activities: Sequence[Activity]) -> list[Activity]:
    """Those that captions may belong to."""
    return [activity for activity in activities if activity.kind in (VIDEO, AUDIO)]
