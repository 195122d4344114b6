"""Formats of questions: each becomes a bank of ours; what it can say and we cannot ask is named in the report."""

FORMATS = (
    {
        "format": "moodle-xml",
        "import": "one quiz for each category; pictures inside the file",
        "play": "as a quiz",
        "track": "answers, result, essays by a teacher",
        "left out": "calculated questions, dragging onto pictures, gaps with several answers, by name",
    },
    {
        "format": "gift",
        "import": "one quiz; names, weights, feedback, ranges of numbers",
        "play": "as a quiz",
        "track": "answers, result, essays by a teacher",
        "left out": "what cannot be read, by name",
    },
    {
        "format": "aiken",
        "import": "one quiz of choices",
        "play": "as a quiz",
        "track": "answers, result",
        "left out": "questions without a line that names the answer",
    },
    {
        "format": "qti-1.2",
        "import": "tests and banks, alone and in cartridges; pools, pictures, feedback; Canvas's own kinds",
        "play": "as a quiz",
        "track": "answers, result, essays by a teacher",
        "left out": "files handed in, drawn numbers, answers on pictures, by name",
    },
    {
        "format": "qti-2",
        "import": "items, tests and packages of QTI 2.1, 2.2 and 3.0; pools, weights, pictures, shared texts",
        "play": "as a quiz",
        "track": "answers, result, essays by a teacher",
        "left out": "hotspots, uploads, drawings, media and custom interactions, adaptive templates, by name",
    },
)
"""What each format can do here: rows of docs/formats.md."""
