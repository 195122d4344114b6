"""What a box says of its birth to whoever checks it at the desk: facts, and no secret.

* It is said to anybody who reaches the box, by whatever name: the ids stand on its label, and its courses it serves.
* What is not known is said to be unknown (empty), never guessed.
"""

import re
from pathlib import Path
from typing import Any

from flask import Blueprint, Response

from catalog.manifest import canonical
from edge.birth import ground
from edge.birth.seed import SEED_BYTES_MAX, Seed, SeedRefused
from edge.box import Box
from sync.web.app import bare
from sync.web.takes import JSON, takes

PATH = "/.well-known/qanat/birth"
SEED_FILE = "seed.json"
"""Where the first boot puts the seed, in the box's folder."""
COUNTRY_FILE = Path("/run/qanat/wifi-country")
"""What the kernel answered when it was asked for the radio's country: two letters, written by whoever set it."""

_COUNTRY = re.compile(rb"[A-Z0]{2}")


def blueprint(box: Box, country_file: Path = COUNTRY_FILE) -> Blueprint:
    """The page, for the box's application."""
    pages = Blueprint("birth_facts", __name__)

    @pages.get(PATH)
    @bare
    @takes(gives=JSON)
    def birth() -> Response:
        answer = Response(canonical(facts(box, country_file)), content_type=JSON)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return pages


def facts(box: Box, country_file: Path) -> dict[str, Any]:
    """How the box is, in fields that a newer box may add to."""
    # Loaded when somebody asks: it costs a start as much as a page.
    from importlib.metadata import version

    seed = _seed(box.data / SEED_FILE)
    scrub = box.scrubbing.scrub
    return {
        "box": box.id,
        "name": box.config.name,
        "seed": seed.id if seed is not None else "",
        "is_token_spent": seed is None or seed.is_spent,
        "is_enrolled": box.hub is not None,
        "is_on_own_partition": ground.look(box.data) is None,
        "courses": [{"course": one.course, "version": one.version} for one in box.shelf.courses()],
        "is_all_read": scrub.rounds() > 0,
        "rotten_files": len(scrub.rotten()),
        "wifi_country": _country(country_file),
        "software": version("qanat"),
    }


def _seed(path: Path) -> Seed | None:
    try:
        with path.open("rb") as file:
            return Seed.from_bytes(file.read(SEED_BYTES_MAX + 1))
    except (OSError, SeedRefused):
        return None


def _country(path: Path) -> str:
    try:
        with path.open("rb") as file:
            said = file.read(16).strip()
    except OSError:
        return ""
    return said.decode() if _COUNTRY.fullmatch(said) else ""
