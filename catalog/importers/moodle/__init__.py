"""Moodle course backups (.mbz): what learners study becomes a course; what learners did is never read."""

FORMATS = (
    {
        "format": "moodle-backup",
        "import": "Moodle 2.0 to 4.x, zip and tar.gz: sections, pages, books, labels, folders, files, links, "
        "glossaries, SCORM, H5P and other packages inside, quizzes with their bank",
        "play": "pages on their own origin, quizzes as ours, packages as what they are",
        "track": "places, completion, answers, results",
        "left out": "assignments, forums, workshops, wikis, databases, lessons, LTI, hidden parts, "
        "all that learners did; Moodle 1.x",
    },
)
"""What the format can do here: a row of docs/formats.md."""
