"""The sheet of labels: a PDF of A4 pages, three labels beside each other, to be cut up.

* Each card has two labels: one for outside (how to join and open the library), and a small one for inside the lid (the
  card's name and the staff code). Who has the second one can claim the box: it never goes outside.
* The same batch gives the same bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from edge.birth.seed import Seed
from provisioning.labels.faces import BOLD, EVEN, PLAIN, Faces
from provisioning.labels.squares import joins, square
from sync.web.language import direction, gettext, language_now

COLUMNS, ROWS = 3, 4
WIDE_MM, HIGH_MM = 64.0, 70.0
LEFT_MM, TOP_MM = 9.0, 8.5
LID_MM = 23.0
"""How high the label for the lid is, of HIGH_MM."""
INNER_MM = 2.5
SQUARE_MM = 27.0
LID_SQUARE_MM = 17.0
QUIET_MODULES = 4
POINTS_MIN = 5.0


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that was made."""

    pdf: bytes
    unwritten: tuple[str, ...]
    """Texts that stand on it in no letters, for want of a face; their squares are right."""


def make(seeds: Sequence[Seed], names: Mapping[int, str], address: str, faces: Faces, made_seconds: int) -> Sheet:
    """The sheet for these cards, in the reader's language; `names`: what each number's box is called."""
    page = _Page(faces, made_seconds)
    for place, seed in enumerate(seeds):
        on_page = place % (COLUMNS * ROWS)
        if on_page == 0:
            page.pdf.add_page()
        x = LEFT_MM + on_page % COLUMNS * WIDE_MM
        y = TOP_MM + on_page // COLUMNS * HIGH_MM
        page.outside(seed, names[seed.number], address, x, y)
        page.lid(seed, names[seed.number], x, y + HIGH_MM - LID_MM)
    return Sheet(bytes(page.pdf.output()), tuple(dict.fromkeys(page.unwritten)))


class _Page:
    """Draws labels where it is told."""

    def __init__(self, faces: Faces, made_seconds: int) -> None:
        # Loaded by who prints: nobody else needs it.
        from fpdf import FPDF

        self.pdf = FPDF(format="A4")
        self.pdf.set_creation_date(datetime.fromtimestamp(made_seconds, UTC))
        self.pdf.set_auto_page_break(False)
        self.pdf.set_margin(0)
        self.pdf.c_margin = 0
        self.pdf.set_text_shaping(True)
        self.pdf.set_line_width(0.1)
        self.unwritten: list[str] = []
        self._faces = faces
        self._is_rtl = direction(language_now()) == "rtl"

    def outside(self, seed: Seed, name: str, address: str, x: float, y: float) -> None:
        """How learners come in."""
        self._cut(x, y, HIGH_MM - LID_MM)
        wide = WIDE_MM - 2 * INNER_MM
        self._text(name, x + INNER_MM, y + 2, wide, 13, BOLD, "C")
        half = wide / 2
        steps = [(joins(seed.wifi), gettext("1. Join the Wi-Fi"))] if seed.wifi is not None else []
        steps.append((address, gettext("2. Open the library")))
        for place, (says, words) in enumerate(steps):
            left = x + INNER_MM + (half if (place == 0) == self._is_rtl and len(steps) > 1 else 0)
            self._square(says, left + (half - SQUARE_MM) / 2, y + 7, SQUARE_MM)
            self._text(words, left, y + 7 + SQUARE_MM - 0.5, half, 6.5, PLAIN, "C")
        if seed.wifi is None:
            return
        self._pair(gettext("Wi-Fi"), seed.wifi.name, x + INNER_MM, y + 37, wide)
        if seed.wifi.password:
            self._pair(gettext("Password"), seed.wifi.password, x + INNER_MM, y + 41.5, wide)

    def lid(self, seed: Seed, name: str, x: float, y: float) -> None:
        """What staff need, and nobody else."""
        self._cut(x, y, LID_MM)
        at = x + WIDE_MM - INNER_MM - LID_SQUARE_MM if self._is_rtl else x + INNER_MM
        self._square(seed.id, at, y + 2.5, LID_SQUARE_MM)
        left = x + INNER_MM if self._is_rtl else x + INNER_MM + LID_SQUARE_MM + 1.5
        wide = WIDE_MM - 2 * INNER_MM - LID_SQUARE_MM - 1.5
        side = "R" if self._is_rtl else "L"
        self._text(gettext("Inside the lid"), left, y + 2.5, wide, 6, PLAIN, side)
        self._text(name, left, y + 5.5, wide, 8, BOLD, side)
        if seed.staff_code:
            self._text(gettext("Staff code"), left, y + 10, wide, 6, PLAIN, side)
            self._text(seed.staff_code, left, y + 13, wide, 10.5, EVEN, side)
        self._text(seed.id, left, y + 17.5, wide, 6, EVEN, side)

    def _cut(self, x: float, y: float, high: float) -> None:
        self.pdf.set_draw_color(170)
        self.pdf.rect(x, y, WIDE_MM, high)

    def _pair(self, label: str, value: str, x: float, y: float, wide: float) -> None:
        """A word and what it is, from the side where the language begins."""
        share = wide * 0.26
        here, there = (x + wide - share, x) if self._is_rtl else (x, x + share)
        self._text(label, here, y + 0.4, share, 6.5, PLAIN, "R" if self._is_rtl else "L")
        self._text(value, there, y, wide - share, 9.5, EVEN, "R" if self._is_rtl else "L")

    def _text(self, text: str, x: float, y: float, wide: float, points: float, face: str, align: str) -> None:
        """One line, smaller where it would not fit."""
        chosen = self._faces.for_text(text, face)
        if not chosen:
            self.unwritten.append(text)
            return
        names = [self._known(path) for path in chosen]
        self.pdf.set_fallback_fonts(names[1:], exact_match=False)
        self.pdf.set_font(names[0], size=points)
        while self.pdf.get_string_width(text) > wide and points > POINTS_MIN:
            points -= 0.5
            self.pdf.set_font_size(points)
        self.pdf.set_xy(x, y)
        self.pdf.cell(wide, points * 0.42, text, align=align)

    def _known(self, path: Path) -> str:
        name = path.stem.lower()
        if name not in self.pdf.fonts:
            self.pdf.add_font(name, fname=path)
        return name

    def _square(self, text: str, x: float, y: float, side: float) -> None:
        rows = square(text)
        module = side / (len(rows) + 2 * QUIET_MODULES)
        self.pdf.set_fill_color(0)
        for down, row in enumerate(rows):
            for across, length in _runs(row):
                left, top = x + (QUIET_MODULES + across) * module, y + (QUIET_MODULES + down) * module
                self.pdf.rect(left, top, length * module, module, style="F")


def _runs(row: Sequence[bool]) -> list[tuple[int, int]]:
    """Where dark modules follow each other: place and length, so that no seams are printed between them."""
    runs: list[tuple[int, int]] = []
    for place, is_dark in enumerate(row):
        if is_dark and runs and sum(runs[-1]) == place:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif is_dark:
            runs.append((place, 1))
    return runs
