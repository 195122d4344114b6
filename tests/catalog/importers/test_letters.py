"""Letters of pages: what their bytes were written in, and what is said of it."""

import pytest

from catalog.importers.repairs.letters import page_text
from catalog.importers.report import Report


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("é".encode(), "é"),
        ("\ufeffé".encode(), "é"),
        ("<meta charset=iso-8859-1>é".encode(), "<meta charset=utf-8>é"),
        ("<?xml version='1.0' encoding='windows-1252'?>é".encode(), "<?xml version='1.0' encoding='utf-8'?>é"),
        ("<meta charset=windows-1256>ماء".encode("cp1256"), "<meta charset=utf-8>ماء"),
        ("<meta charset=iso-2022-jp>水".encode("iso2022_jp"), "<meta charset=utf-8>水"),
        ("é".encode("cp1252"), "é"),
        ("é".encode("utf-16"), "é"),
        (b"<meta charset=nonsense>\xe9", "<meta charset=utf-8>é"),
    ],
)
def test_a_page_is_read_as_it_was_stored(data: bytes, text: str) -> None:
    report = Report()

    assert text == page_text(data, "a.html", report)
    assert [] == report.repaired


@pytest.mark.parametrize(
    ("declared", "words", "encoding", "called"),
    [
        ("iso-8859-1", "水的故事和我们的生活", "gbk", "Chinese (GBK)"),
        ("utf-8", "水はどこから来るのか、ここで学びます", "cp932", "Japanese (Shift-JIS)"),
        ("windows-1252", "الماء في الحياة وفي الأرض", "cp1256", "Arabic (Windows 1256)"),
        ("x", "Откуда берётся вода и почему", "cp1251", "Russian (Windows 1251)"),
    ],
)
def test_a_page_that_declares_other_letters_than_it_has_is_read_and_said(
    declared: str, words: str, encoding: str, called: str
) -> None:
    report = Report()
    page = f"<meta charset={declared}><p>{words}</p>".encode(encoding)

    assert f"<meta charset=utf-8><p>{words}</p>" == page_text(page, "a.html", report)
    assert [f"a.html: not UTF-8; read as {called}. Look whether it is right."] == report.repaired
