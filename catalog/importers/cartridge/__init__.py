"""Common Cartridges: courses as universities exchange them, Canvas's own among them."""

FORMATS = (
    {
        "format": "common-cartridge",
        "import": "1.0 to 1.3 and Thin, zip or folder: pages, files, links, topics, assignments as pages, "
        "QTI 1.2 quizzes and banks, sections, hidden parts; Canvas's tokens, modules, settings",
        "play": "pages on their own origin, quizzes as ours, files as what they are",
        "track": "places, completion, answers, results",
        "left out": "LTI tools, hidden or unpublished parts, files that nothing leads to, missing files, by name",
    },
)
"""What the format can do here: a row of docs/formats.md."""
