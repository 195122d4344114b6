"""The ladder: which versions of a film or of sound are made, from facts alone.

* Nothing is ever made larger than it was: no taller picture, and (as `studio` sees to) no heavier file.
* The settings are those that were measured: H.264 main, quality 26, and mono AAC, as phones of 2014 play them.
"""

from dataclasses import dataclass

from catalog.renditions.facts import Facts

HEIGHTS = (480, 360)
HEAVY_BITS_PER_SECOND = 800_000
"""A film of a rung's own height that takes more than this is worth making again."""
ORIGINAL_HEIGHT_MAX = 720
SPEECH_KBIT, MUSIC_KBIT = 24, 48
SMALL_SOUND_BITS_PER_SECOND = 64_000
SMALLER_PERMILLE = 850
"""What a version may weigh of the original; else it is not worth having two."""

VIDEO, AUDIO = "video", "audio"
FULL = "full"


@dataclass(frozen=True, slots=True)
class Rung:
    """One version to make. `name` is that of its layer, too; height 0: sound only."""

    name: str
    kind: str
    height: int
    sound_kbit: int


def rungs(facts: Facts) -> tuple[Rung, ...]:
    """The versions beside the original, largest first.

    >>> [rung.name for rung in rungs(Facts("mov", 60_000, 720, 2_000_000, "h264", "aac"))]
    ['video-480', 'video-360', 'audio']
    >>> rungs(Facts("mp3", 60_000, 0, 32_000, "", "mp3"))
    ()
    """
    films = [
        Rung(f"{VIDEO}-{height}", VIDEO, height, SPEECH_KBIT)
        for height in HEIGHTS
        if facts.film and (facts.height > height or (facts.height == height and _is_heavy(facts)))
    ]
    is_worth_hearing = bool(facts.film) or facts.bits_per_second > SMALL_SOUND_BITS_PER_SECOND
    kbit = SPEECH_KBIT if facts.film else MUSIC_KBIT
    sounds = [Rung(AUDIO, AUDIO, 0, kbit)] if facts.sound and is_worth_hearing else []
    return (*films, *sounds)


def original(facts: Facts) -> Rung:
    """How to make something that phones play in place of an original that they do not."""
    if not facts.film:
        return Rung(FULL, AUDIO, 0, MUSIC_KBIT * 2)
    return Rung(FULL, VIDEO, min(facts.height, ORIGINAL_HEIGHT_MAX), MUSIC_KBIT * 2)


def _is_heavy(facts: Facts) -> bool:
    return facts.bits_per_second > HEAVY_BITS_PER_SECOND
