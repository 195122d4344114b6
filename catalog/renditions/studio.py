"""The studio: ffmpeg at work on strangers' files, in a child that may do little.

* The reader is named by us and no other may be used; no protocol but plain files: a playlist in disguise opens nothing.
* Time, memory and the size of what is written are limited; the child has no environment of ours, gives way to others,
  and ends when whoever asked for it does.
* Equal files give equal versions, on one machine.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from catalog.confined import ENVIRONMENT, can_confine, confined
from catalog.fault import CallerFault, ContentFault
from catalog.renditions.facts import Facts, facts_of
from catalog.renditions.ladder import VIDEO, Rung
from catalog.renditions.printer import has_printer

PROBE_SECONDS_MAX = 60
MAKE_SECONDS_MIN = 600
MAKE_SECONDS_PER_SECOND = 30
MAKE_SECONDS_MAX = 12 * 3600
MEMORY_BYTES_MAX = 3 << 30
WRITTEN_BYTES_MAX = 16 << 30
SAID_BYTES_MAX = 8 << 20
PIXELS_MAX = 8192 * 4320
THREADS = 2
POSTER_PERMILLE = 100
POSTER_WIDTH = 640

Say = Callable[[int], None]
"""Called with the thousandths that are done."""


@dataclass(frozen=True, slots=True)
class Studio:
    """The programs of a machine that has ffmpeg."""

    ffmpeg: str
    ffprobe: str
    can_print: bool = False
    """Whether office files can be printed, too (`printer`)."""

    @classmethod
    def found(cls) -> Self | None:
        """The studio of this machine; None where it has no ffmpeg."""
        ffmpeg, ffprobe = shutil.which("ffmpeg"), shutil.which("ffprobe")
        return cls(ffmpeg, ffprobe, has_printer()) if ffmpeg and ffprobe and can_confine() else None

    def facts(self, source: Path, reader: str) -> Facts | None:
        """What is in `source`; None where ffmpeg cannot read it."""
        asked = ["-v", "error", "-print_format", "json", "-show_format", "-show_streams", "-show_chapters"]
        command = [self.ffprobe, *asked, *_input(source, reader)]
        with tempfile.TemporaryFile() as said:
            ended = subprocess.run(
                _limited(command, PROBE_SECONDS_MAX), stdin=subprocess.DEVNULL, stdout=said,
                stderr=subprocess.DEVNULL, env=ENVIRONMENT, check=False,
            )  # fmt: skip
            said.seek(0)
            answer = said.read(SAID_BYTES_MAX)
        facts = facts_of(reader, answer)
        return facts if ended.returncode == 0 and (facts.film or facts.sound) else None

    def make(self, source: Path, facts: Facts, rung: Rung, target: Path, say: Say) -> bool:
        """Make one version; tells whether it could be made."""
        rate = "24000" if rung.sound_kbit < 32 else "44100"
        sound = ["-c:a", "aac", "-ac", "1", "-b:a", f"{rung.sound_kbit}k", "-ar", rate]
        scale = f"scale='if(gte(iw,ih),-2,{rung.height})':'if(gte(iw,ih),{rung.height},-2)',setsar=1"
        film = ["-map", "0:v:0", "-map", "0:a:0?", "-vf", scale, "-c:v", "libx264", "-preset", "veryfast"]
        tuned = ["-profile:v", "main", "-crf", "26", "-pix_fmt", "yuv420p", "-fpsmax", "30"]
        wanted = [*film, *tuned] if rung.kind == VIDEO else ["-map", "0:a:0", "-vn"]
        return self._run(source, facts, [*wanted, *sound, *_TIDY, *_MP4], target, say)

    def repack(self, source: Path, facts: Facts, target: Path) -> bool:
        """The same film and sound, untouched, in an MP4 that plays before it has come whole."""
        wanted = ["-map", "0:v:0?", "-map", "0:a:0?", "-c", "copy", *_TIDY, *_MP4]
        return self._run(source, facts, wanted, target, _say_nothing)

    def poster(self, source: Path, facts: Facts, target: Path) -> bool:
        """A picture from a tenth of the way in."""
        at = facts.milliseconds * POSTER_PERMILLE // 1000
        picture = ["-map", "0:v:0", "-frames:v", "1", "-vf", f"scale='min({POSTER_WIDTH},iw)':-2", "-q:v", "5", *_TIDY,
                   "-f", "mjpeg"]  # fmt: skip
        return self._run(source, facts, picture, target, _say_nothing, before=["-ss", f"{at}ms"])

    def captions(self, source: Path, facts: Facts, number: int, target: Path) -> bool:
        """One of the caption tracks inside, as WebVTT."""
        return self._run(source, facts, ["-map", f"0:s:{number}", "-f", "webvtt"], target, _say_nothing)

    def _run(
        self, source: Path, facts: Facts, wanted: Sequence[str], target: Path, say: Say, before: Sequence[str] = ()
    ) -> bool:
        seconds = min(MAKE_SECONDS_MAX, MAKE_SECONDS_MIN + facts.seconds * MAKE_SECONDS_PER_SECOND)
        command = [
            self.ffmpeg, "-v", "error", "-nostdin", "-y", "-progress", "pipe:1", "-threads", str(THREADS), *before,
            *_input(source, facts.reader), "-threads", str(THREADS), *wanted, f"file:{target}",
        ]  # fmt: skip
        child = subprocess.Popen(
            _limited(command, seconds), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=ENVIRONMENT, cwd=target.parent,
        )  # fmt: skip
        try:
            with child:
                assert child.stdout is not None, "its words are asked for"
                for line in child.stdout:
                    name, _, value = line.decode("ascii", "replace").strip().partition("=")
                    if name == "out_time_us" and value.isdigit() and facts.milliseconds:
                        say(min(1000, int(value) // facts.milliseconds))
        except BaseException:
            child.kill()
            raise
        if child.returncode == 0 and target.is_file() and target.stat().st_size:
            return True
        target.unlink(missing_ok=True)
        return False


def asked_for(is_wanted: bool | None) -> Studio | None:
    """The studio that a command should use: none where it was told so, the machine's where it was not told.

    Raises CallerFault where versions were asked for that this machine cannot make.
    """
    studio = None if is_wanted is False else Studio.found()
    if is_wanted and studio is None:
        raise CallerFault(
            "This machine has no ffmpeg.", "Install it (`apt install ffmpeg`), or leave out --renditions."
        )
    return studio


def needs_studio(name: str, what: str) -> ContentFault:
    """What to say of a film that only ffmpeg could make fit for phones."""
    return ContentFault(
        f"{name} is {what}, which phones do not play, and this machine has no ffmpeg to make it fit.",
        "Install ffmpeg on the hub (`apt install ffmpeg`) and import it again, or export it as MP4 (H.264 and AAC).",
    )


_TIDY = ["-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact", "-flags", "+bitexact"]

_MP4 = ["-movflags", "+faststart", "-f", "mp4"]


def _input(source: Path, reader: str) -> list[str]:
    only = ["-protocol_whitelist", "file", "-format_whitelist", reader, "-f", reader]
    return [*only, "-i", f"file:{source.resolve()}"]


def _limited(command: Sequence[str], seconds: int) -> list[str]:
    return confined(command, seconds, MEMORY_BYTES_MAX, WRITTEN_BYTES_MAX)


def _say_nothing(permille: int) -> None:
    """Too short to be watched."""
