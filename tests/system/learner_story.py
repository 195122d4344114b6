"""What a learner did at a box, written by whatever code stands in the folder that this is started from.

`python learner_story.py DATA COURSE COUNT`: a class, a learner, and so many answers.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))

from edge.people.people import Secret
from edge.serve import opened
from sync.clock import SystemClock


def main(data: Path, course: str, count: int) -> None:
    with opened(data, SystemClock()) as box:
        classrooms = box.people.classrooms()
        classroom = classrooms[0] if classrooms else box.people.add_classroom("Class 7")
        learner = box.people.enrol_learner(classroom.id, f"Amina {len(box.people.learners(classroom.id))}", PIN)
        for number in range(count):
            box.learning.answered(learner.id, course, "quiz", f"question-{number}", "The third one")
        print(learner.id)


PIN = Secret("pin", "4719")

if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
