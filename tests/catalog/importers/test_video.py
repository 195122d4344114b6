import codecs
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.fault import ContentFault
from catalog.importers.course import Imported
from catalog.importers.media import mp4, webm

Read = Callable[..., Imported]
Filmed = Callable[..., Path]

SEGMENT = b"\x18\x53\x80\x67"
HEADER = b"\x1a\x45\xdf\xa3\x87\x42\x82\x84webm"


def webm_bytes(seconds: float) -> bytes:
    duration = b"\x44\x89\x88" + struct.pack(">d", seconds * 1000)
    scale = b"\x2a\xd7\xb1\x83\x0f\x42\x40"
    info = b"\x15\x49\xa9\x66" + bytes([0x80 | len(scale + duration)]) + scale + duration
    contents = info + b"\x1f\x43\xb6\x75\x84abcd"
    return HEADER + SEGMENT + b"\x01" + len(contents).to_bytes(7, "big") + contents


def test_a_film_travels_apart_and_says_how_long_it_is(reading: Read, film: Path) -> None:
    imported = reading(film)

    assert [("the-water", "video", "the-water/The water.mp4", {"seconds": 90})] == [
        (one.id, one.kind, one.path, dict(one.attributes)) for one in imported.activities
    ]
    assert [("core", []), ("video", ["video/mp4"])] == [
        (layer.name, [entry.media_type for entry in layer.entries]) for layer in imported.layers
    ]
    assert ("The water", "video") == (imported.title, imported.report.format)


def test_captions_go_with_the_film_whose_name_they_bear(reading: Read, filmed: Filmed, captions: Path) -> None:
    imported = reading(filmed("Soil.mp4"), captions, filmed("The water.mp4"))

    assert [None, [{"label": "fr", "language": "fr", "path": "the-water/The water.fr.vtt"}]] == [
        film.attributes.get("captions") for film in imported.activities
    ]
    assert ["captions"] == [entry.role for entry in imported.layers[0].entries]


def test_captions_of_another_name_go_with_the_only_film(reading: Read, film: Path, captions: Path) -> None:
    other = captions.rename(captions.with_name("basic.vtt"))

    assert [{"label": "ar", "language": "ar", "path": "the-water/basic.vtt"}] == (
        reading(film, other, language="ar").activities[0].attributes["captions"]
    )


def test_a_film_may_have_captions_in_many_languages(reading: Read, film: Path, captions: Path) -> None:
    arabic = captions.with_name("The water.ar.vtt")
    arabic.write_bytes(captions.read_bytes())

    assert ["ar", "fr"] == [
        track["language"] for track in reading(film, arabic, captions).activities[0].attributes["captions"]
    ]


def test_captions_of_no_film_are_left_out_and_said(reading: Read, filmed: Filmed, captions: Path) -> None:
    imported = reading(filmed("a.mp4"), filmed("b.mp4"), captions)

    assert ["The water.fr.vtt: no film has this name; call it like its film."] == imported.report.left_out


def test_captions_alone_are_no_course(reading: Read, captions: Path) -> None:
    with pytest.raises(ContentFault, match="only captions"):
        reading(captions)


def test_captions_in_utf16_become_utf8(reading: Read, film: Path, captions: Path, files: object) -> None:
    captions.write_bytes(codecs.BOM_UTF16_LE + "WEBVTT\n\nماء".encode("utf-16-le"))
    entry = reading(film, captions).layers[0].entries[0]

    assert "WEBVTT\n\nماء" == files.path(entry.digest).read_text("utf-8")  # type: ignore[attr-defined]


def test_captions_in_an_old_encoding_are_read_and_said(
    reading: Read, film: Path, captions: Path, files: object
) -> None:
    captions.write_bytes(b"WEBVTT\n\n00:00.000 --> 00:02.000\nl'\xe9t\xe9\n")
    imported = reading(film, captions)

    path = files.path(imported.layers[0].entries[0].digest)  # type: ignore[attr-defined]
    assert path.read_text("utf-8").endswith("l'été\n")
    assert ["The water.fr.vtt: not UTF-8; read as"] == [line[:36] for line in imported.report.repaired]


def test_captions_in_no_alphabet_are_refused_with_what_to_do(reading: Read, film: Path, captions: Path) -> None:
    captions.write_bytes(b"WEBVTT\n\n00:00.000 --> 00:02.000\n\xa4\xa6\xa8\xa9\xac\n")

    with pytest.raises(ContentFault, match="UTF-8"):
        reading(film, captions)


def test_captions_as_srt_become_webvtt(reading: Read, film: Path, captions: Path, files: object) -> None:
    srt = "1\r\n00:00:00,000 --> 00:00:02,500 X1:0\r\n{\\an8}<font color=red>ماء</font>\r\n\r\n"
    captions.with_suffix(".srt").write_bytes(srt.encode("cp1256"))
    imported = reading(film, captions.with_suffix(".srt"))

    entry = imported.layers[0].entries[0]
    assert ("the-water/The water.fr.vtt", "captions", "text/vtt") == (entry.path, entry.role, entry.media_type)
    words = files.path(entry.digest).read_text("utf-8")  # type: ignore[attr-defined]
    assert "WEBVTT\n\n1\n00:00:00.000 --> 00:00:02.500\nماء\n\n" == words


@pytest.mark.parametrize("cut_bytes", [1, 100, 3999, 4007])
def test_a_film_that_was_cut_is_refused(reading: Read, filmed: Filmed, cut_bytes: int) -> None:
    with pytest.raises(ContentFault, match=r"film\.mp4 ends too early"):
        reading(filmed("film.mp4", cut_bytes=cut_bytes))


def test_a_film_cut_in_its_index_is_refused(reading: Read, filmed: Filmed) -> None:
    with pytest.raises(ContentFault, match="ends too early"):
        reading(filmed("film.mp4", cut_bytes=4008 + 20))


def test_a_film_without_an_index_is_refused(reading: Read, filmed: Filmed) -> None:
    """A camera whose battery died writes the pictures, and never the index."""
    with pytest.raises(ContentFault, match="no index"):
        reading(filmed("film.mp4", has_index=False))


def test_a_film_without_pictures_is_refused(reading: Read, filmed: Filmed) -> None:
    with pytest.raises(ContentFault, match="no pictures"):
        reading(filmed("film.mp4", cut_bytes=4008))


def test_a_film_whose_lengths_are_impossible_is_refused(filmed: Filmed) -> None:
    path = filmed("film.mp4")
    data = path.read_bytes()
    path.write_bytes(data.replace(struct.pack(">L", 4008) + b"mdat", struct.pack(">L", 4) + b"mdat"))

    with pytest.raises(ContentFault, match="ends too early"):
        mp4.seconds_of(path)


def test_a_film_of_countless_pieces_is_refused(filmed: Filmed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mp4, "BOXES_MAX", 50)
    path = filmed("film.mp4")
    path.write_bytes(path.read_bytes() + (struct.pack(">L", 8) + b"free") * 60)

    with pytest.raises(ContentFault, match="too many pieces"):
        mp4.seconds_of(path)


def test_long_films_say_their_length_in_64_bits(tmp_path: Path) -> None:
    def box(kind: bytes, contents: bytes) -> bytes:
        return struct.pack(">LL", 1, 0)[:4] + kind + struct.pack(">Q", 16 + len(contents)) + contents

    mvhd = box(b"mvhd", b"\1\0\0\0" + struct.pack(">QQLQ", 0, 0, 1000, 7_200_500) + bytes(80))
    path = tmp_path / "long.mp4"
    path.write_bytes(box(b"ftyp", b"isom") + box(b"mdat", b"") + box(b"moov", mvhd + box(b"trak", b"")))

    assert 7201 == mp4.seconds_of(path)


def test_a_last_box_may_reach_to_the_end(filmed: Filmed) -> None:
    path = filmed("film.mp4")
    path.write_bytes(path.read_bytes().replace(struct.pack(">L", 4008) + b"mdat", struct.pack(">L", 0) + b"mdat"))

    assert 90 == mp4.seconds_of(path)


def test_a_webm_film_is_taken(reading: Read, tmp_path: Path) -> None:
    (tmp_path / "film.bin").write_bytes(webm_bytes(12.2))
    imported = reading(tmp_path / "film.bin")

    assert {"seconds": 13} == dict(imported.activities[0].attributes)
    assert "film/film.webm" == imported.activities[0].path
    assert "video/webm" == imported.layers[1].entries[0].media_type


@pytest.mark.parametrize("kept_bytes", [13, 20, 40])
def test_a_webm_film_that_was_cut_is_refused(tmp_path: Path, kept_bytes: int) -> None:
    (tmp_path / "film.webm").write_bytes(webm_bytes(12.2)[:kept_bytes])

    with pytest.raises(ContentFault, match="ends too early"):
        webm.seconds_of(tmp_path / "film.webm")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 190), st.integers(0, 255)), min_size=1, max_size=6))
def test_no_mutation_of_a_film_does_more_than_be_refused(filmed: Filmed, changes: list[tuple[int, int]]) -> None:
    path = filmed("film.mp4")
    for data, seconds_of in ((path.read_bytes(), mp4.seconds_of), (webm_bytes(9.5), webm.seconds_of)):
        mutant = bytearray(data)
        for position, value in changes:
            mutant[position % len(mutant)] = value
        path.write_bytes(mutant)

        try:
            seconds = seconds_of(path)
        except ContentFault:
            seconds = 0

        assert seconds >= 0


def test_sound_is_told_as_sound(reading: Read, tmp_path: Path) -> None:
    (tmp_path / "Rain.flac").write_bytes(b"fLaC" + bytes(60))

    imported = reading(tmp_path / "Rain.flac")

    assert (["audio"], "audio") == ([one.kind for one in imported.activities], imported.report.format)


@pytest.mark.parametrize(
    ("tracks", "kind", "name"),
    [([b"soun"], "audio", "Rain.m4a"), ([b"soun", b"vide"], "video", "Rain.mp4"), ([], "video", "Rain.mp4")],
)
def test_an_mp4_of_sound_alone_is_sound(
    reading: Read, tmp_path: Path, tracks: list[bytes], kind: str, name: str
) -> None:
    traks = b"".join(
        box(b"trak", box(b"mdia", box(b"mdhd", bytes(8)) + box(b"hdlr", bytes(8) + one + bytes(13)))) for one in tracks
    )
    moov = box(b"moov", traks or box(b"trak", b""))
    (tmp_path / "Rain.mp4").write_bytes(box(b"ftyp", b"isom" + bytes(4)) + moov + box(b"mdat", b"rain"))

    imported = reading(tmp_path / "Rain.mp4")

    assert (kind, f"rain/{name}", kind) == (
        imported.activities[0].kind, imported.activities[0].path, imported.report.format,
    )  # fmt: skip


def box(kind: bytes, contents: bytes) -> bytes:
    return struct.pack(">L", 8 + len(contents)) + kind + contents
