"""The soak's log: one line for each time that a part ran, in docs/soak.md.

* Lines are added and never changed; runs are counted from nought, so that two lines can be seen to follow each other.
* A clone that has no other memory of a part goes on where the log's last line of it ends.
"""

from dataclasses import dataclass

HEADING = """# Soak

What the harnesses found when they were left running: `make soak` goes on where it stopped, and adds a line for each
part.
What each part does, and what a failure is, is told in [reliability.md](reliability.md).

| date | part | from | to | of | failures | commit |
|---|---|---:|---:|---|---:|---|
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One time that a part ran: runs `first` to before `next`."""

    date: str
    part: str
    first: int
    next: int
    goal: int
    noun: str
    failures: int
    commit: str

    def row(self) -> str:
        numbers = f"{self.first:,} | {self.next:,} | {self.goal:,} {self.noun} | {self.failures:,}"
        return f"| {self.date} | {self.part} | {numbers} | {self.commit} |"


def reached(text: str, part: str) -> int:
    """The run that follows the last line of a part; 0 where there is none.

    >>> reached("| 2026-05-01 | worlds | 0 | 2,000 | 1,000,000 worlds | 0 | abc |", "worlds")
    2000
    """
    rows = [[cell.strip() for cell in line.split("|")] for line in text.splitlines()]
    ends = [row[4] for row in rows if len(row) > 4 and row[2] == part]
    return int(ends[-1].replace(",", "")) if ends else 0


def added(text: str, line: Line) -> str:
    """The log with one more line; the heading where it is empty.

    >>> added("", Line("2026-05-01", "worlds", 0, 20, 100, "worlds", 0, "abc")).splitlines()[-1]
    '| 2026-05-01 | worlds | 0 | 20 | 100 worlds | 0 | abc |'
    """
    return f"{text or HEADING}{line.row()}\n"
