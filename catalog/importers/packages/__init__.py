"""Packages: courses that say in a document of their own what they are made of, for a runtime that plays them.

* One file for each kind of package; what all of them share (where the document lies, how a link becomes a file) is in
  `layout`, and what a package says of itself in `lom`.
* What a player must know is written beside the package's files as one small JSON document of ours.
"""

FORMATS = (
    {
        "format": "scorm",
        "import": "SCORM 1.2, 2004 (2nd to 4th edition) and plain IMS packages, zip or folder; an activity for each "
        "organisation; links in the manifest mended",
        "play": "one part and several, list of parts, prerequisites (1.2), order by the package's rules (2004)",
        "track": "suspend data to 64,000 letters, place, entry, time, score, completion, success, answers",
        "left out": "what lies on the internet or is missing, by name; time limits are told to the part, not enforced",
    },
    {
        "format": "xapi",
        "import": "tincan.xml, zip or folder; an activity for each thing that is launched",
        "play": "launched with endpoint, auth, actor, registration",
        "track": "statements and state in the box's store; completion, score, success, progress, answers",
        "left out": "what lies on the internet; what a package sends while the Wi-Fi is away is its own affair",
    },
    {
        "format": "cmi5",
        "import": "cmi5.xml judged by its specification; an activity for each unit, blocks as headings",
        "play": "fetch, launch data, sessions; always in the frame",
        "track": "the session's rules, moveOn, mastery score, satisfied blocks and course, abandoned sessions",
        "left out": "units on the internet, by name; waived; Browse and Review",
    },
    {
        "format": "h5p",
        "import": ".h5p with its libraries; refused without them, by name",
        "play": "h5p-standalone; scripts of the exercise itself",
        "track": "result, completion, answers, statements; what was begun is there again",
        "left out": "libraries and forms that only authors need; mathematics that a library draws from the internet",
    },
)
"""What each format can do here: rows of docs/formats.md."""
