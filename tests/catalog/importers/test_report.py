from catalog.importers.report import LINES_MAX, ExternalLink, Report


def test_a_report_reads_like_a_note_to_a_teacher() -> None:
    report = Report(
        formats=["html-zip", "video", "video"],
        title="Water",
        activities=[{"id": "site", "kind": "html", "title": "Water"}],
        repaired=["img/a.png: folders were written with backslashes."],
        left_out=["Thumbs.db: left behind by the computer that packed it."],
        external_links=[
            ExternalLink("a.html", "https://example.org/", False),
            ExternalLink("b.html", "https://cdn.example.org/m.js", True),
        ],
    )

    assert [
        "Water (html-zip+video)",
        "  html: Water",
        "Mended:",
        "  img/a.png: folders were written with backslashes.",
        "Left out:",
        "  Thumbs.db: left behind by the computer that packed it.",
        "Needs the internet, and will be missing without it:",
        "  b.html: https://cdn.example.org/m.js",
        "Offers 1 links to the internet that will not open without it.",
    ] == list(report.lines())


def test_a_report_as_fields_has_what_is_needed_first() -> None:
    report = Report(["folder"], "Water")
    report.external_links = [ExternalLink("a", "//x", False), ExternalLink("b", "//y", True)]

    assert {
        "format": "folder",
        "title": "Water",
        "activities": [],
        "repaired": [],
        "left_out": [],
        "noted": [],
        "external_links": [
            {"address": "//y", "file": "b", "is_needed": True},
            {"address": "//x", "file": "a", "is_needed": False},
        ],
        "external_links_count": 2,
    } == report.to_document()


def test_a_long_report_ends_in_a_count() -> None:
    report = Report(["folder"], "Water", left_out=[str(number) for number in range(LINES_MAX + 3)])

    assert "... and 3 more" == report.to_document()["left_out"][-1]
    assert LINES_MAX + 3 == len(list(report.lines()))
