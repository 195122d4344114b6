"""Attachments: proven, kept once, given back, gone with the last statement that names them; signatures among them."""

import base64
import datetime
import json
import tarfile
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from werkzeug.test import TestResponse

from catalog.digest import digest_of, sha2_hex
from edge.box import Box
from edge.learning.lrs.attachments import BYTES_MAX
from edge.learning.lrs.multipart import PARTS_MAX, parts_of
from edge.learning.lrs.statement import SIGNATURE
from tests.edge.learning.lrs.conftest import AMAL, Tool, statement, uuid_of

DRAWING = b"\x89PNG\r\n\x1a\n--edge\r\n, and what looks like one"
BOUNDARY = "edge-of-a-part"


def attached(data: bytes = DRAWING, **changes: Any) -> dict[str, Any]:
    usual = {
        "usageType": "http://example.org/drawing", "display": {"en": "A drawing"}, "contentType": "image/png",
        "length": len(data), "sha2": sha2_hex(data, 256),
    }  # fmt: skip
    return {**usual, **changes}


def part(data: bytes, sha2: str = "", **headers: str) -> bytes:
    usual = {
        "Content-Type": "image/png", "Content-Transfer-Encoding": "binary",
        "X-Experience-API-Hash": sha2 or sha2_hex(data, 256),
    }  # fmt: skip
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in {**usual, **headers}.items() if value]
    return "\r\n".join([f"--{BOUNDARY}", *lines, "", ""]).encode() + data + b"\r\n"


def first(*statements: Any, kind: str = "application/json") -> bytes:
    said = json.dumps(statements[0] if len(statements) == 1 else statements)
    return f"--{BOUNDARY}\r\nContent-Type: {kind}\r\n\r\n{said}\r\n".encode()


END = f"--{BOUNDARY}--\r\n".encode()


def sends(tool: Tool, *pieces: bytes, kind: str = f'multipart/mixed; boundary="{BOUNDARY}"') -> TestResponse:
    return tool.asks("POST", "statements", body=b"".join(pieces), headers={"Content-Type": kind})


def files(box: Box) -> list[str]:
    return sorted(path.name for path in (box.data / "attachments").glob("*/*"))


def test_an_attachment_comes_back_with_its_statement(box: Box, tool: Tool) -> None:
    said = statement(id=uuid_of(1), attachments=[attached()])

    stored = sends(tool, first(said), part(DRAWING), END)

    answer = tool.asks("GET", "statements", attachments="true")
    told, brought = parts_of(answer.headers["Content-Type"], answer.data)
    assert 200 == stored.status_code
    assert uuid_of(1) == json.loads(told.data)["statements"][0]["id"]
    assert (DRAWING, "image/png") == (brought.data, brought.headers["content-type"])
    assert sha2_hex(DRAWING, 256) == brought.headers["x-experience-api-hash"]
    assert [digest_of(DRAWING)] == files(box)
    assert "application/json" == tool.asks("GET", "statements").headers["Content-Type"]


def test_one_statement_comes_with_its_own_attachments_alone(tool: Tool) -> None:
    other = b"another"
    sends(
        tool,
        first(
            statement(id=uuid_of(1), attachments=[attached()]), statement(id=uuid_of(2), attachments=[attached(other)])
        ),
        part(DRAWING), part(other), END,
    )  # fmt: skip

    answer = tool.asks("GET", "statements", statementId=uuid_of(2), attachments="true")

    assert [other] == [one.data for one in parts_of(answer.headers["Content-Type"], answer.data)[1:]]


def test_bytes_that_two_statements_name_are_kept_once_under_whichever_hash(box: Box, tool: Tool) -> None:
    wide = sha2_hex(DRAWING, 512)
    sends(tool, first(statement(attachments=[attached()])), part(DRAWING), END)

    answer = sends(tool, first(statement(attachments=[attached(sha2=wide)])), part(DRAWING, wide), END)

    assert (200, 1) == (answer.status_code, len(files(box)))


def test_a_substatement_may_bring_an_attachment(tool: Tool) -> None:
    inner = {"objectType": "SubStatement", **statement(attachments=[attached()])}

    assert 200 == sends(tool, first(statement(object=inner)), part(DRAWING), END).status_code


REFUSED = {
    "other bytes than their hash says": [
        first(statement(attachments=[attached()])), part(b"x", attached()["sha2"]), END
    ],
    "an attachment that did not come": [first(statement(attachments=[attached()])), END],
    "a part that nobody named": [first(statement()), part(DRAWING), END],
    "a part without a hash": [
        first(statement(attachments=[attached()])), part(DRAWING, **{"X-Experience-API-Hash": ""}), END
    ],
    "a part in base64": [
        first(statement(attachments=[attached()])), part(DRAWING, **{"Content-Transfer-Encoding": "base64"}), END
    ],
    "statements of another type": [first(statement(attachments=[attached()]), kind="text/plain"), part(DRAWING), END],
    "a body without an end": [first(statement(attachments=[attached()])), part(DRAWING)],
    "a body without a boundary": [b"{}"],
    "statements in two parts": [first(statement()), first(statement()), END],
    "a part without headers": [first(statement()), f"--{BOUNDARY}\r\nnothing".encode(), END],
    "nothing": [END],
}  # fmt: skip


@pytest.mark.parametrize("pieces", [pytest.param(value, id=name) for name, value in REFUSED.items()])
def test_a_body_of_parts_is_refused_for(box: Box, tool: Tool, pieces: list[bytes]) -> None:
    answer = sends(tool, *pieces)

    assert 400 == answer.status_code
    assert answer.get_json()["error"]
    assert [] == tool.finds()
    assert [] == files(box)


def test_more_parts_than_there_may_be_are_refused(box: Box, tool: Tool) -> None:
    many = [bytes([number // 256, number % 256]) for number in range(PARTS_MAX + 1)]

    answer = sends(tool, first(statement(attachments=[attached(one) for one in many])), *map(part, many), END)

    assert 400 == answer.status_code
    assert [] == files(box)


def test_a_body_as_large_as_may_be_is_copied_once(tool: Tool) -> None:
    large = bytes(BYTES_MAX - 4096)
    body = first(statement(attachments=[attached(large)])) + part(large) + END
    tracemalloc.start()

    parts = parts_of(f"multipart/mixed; boundary={BOUNDARY}", body)

    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert large == parts[1].data
    assert peak_bytes < BYTES_MAX * 1.1


def test_a_body_of_another_kind_is_refused(tool: Tool) -> None:
    body = [first(statement(attachments=[attached()])), part(DRAWING), END]

    kinds = ["multipart/form-data; boundary=" + BOUNDARY, "multipart/mixed", "text/plain", ""]
    assert {400} == {sends(tool, *body, kind=kind).status_code for kind in kinds}


def test_what_lies_elsewhere_need_not_come_along(tool: Tool) -> None:
    away = attached(fileUrl="http://example.org/drawing.png")

    tool.states(statement(attachments=[away]))
    answer = tool.asks("POST", "statements", body=statement(attachments=[attached()]))

    assert 400 == answer.status_code


def test_files_go_with_the_last_statement_that_names_them(box: Box, tool: Tool) -> None:
    badr = {"mbox": "mailto:badr@example.org"}
    for actor in (AMAL, badr):
        sends(tool, first(statement(actor=actor, attachments=[attached()])), part(DRAWING), END)

    box.lrs.erase_outsider(AMAL)
    box.database.commit_pending()
    left = files(box)
    box.lrs.erase_outsider(badr)
    box.database.commit_pending()

    assert ([digest_of(DRAWING)], []) == (left, files(box))


def test_what_a_power_cut_left_is_swept_at_the_next_start(boxes: Any) -> None:
    box = boxes()
    brought = box.lrs.attachments.take_in(sha2_hex(DRAWING, 256), DRAWING)
    box.close()

    again = boxes()

    assert brought.digest == digest_of(DRAWING)
    assert [] == files(again)


def test_a_backup_takes_attachments_along(box: Box, tool: Tool, tmp_path: Path) -> None:
    from edge.keeping.backup import Listing, _tar

    sends(tool, first(statement(attachments=[attached()])), part(DRAWING), END)
    place = tmp_path / "plain.tar"
    box.database.copy_to(tmp_path / "copy.db")

    with (tmp_path / "copy.db").open("rb") as database:
        place.write_bytes(b"".join(_tar(box, database, Listing(), with_courses=False)))

    with tarfile.open(place) as archive:
        names = [name for name in archive.getnames() if name.startswith("attachments/")]
    assert [f"attachments/{digest_of(DRAWING)[2:4]}/{digest_of(DRAWING)}"] == names


# ---- signed ----


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def certificate(key: rsa.RSAPrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A school")])
    day = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(day).not_valid_after(day + datetime.timedelta(days=900))
    return base64.b64encode(made.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)).decode()


def signature(key: rsa.RSAPrivateKey, payload: Any, **head: Any) -> bytes:
    def coded(data: bytes) -> bytes:
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    signed = coded(json.dumps({"alg": "RS256", **head}).encode()) + b"." + coded(json.dumps(payload).encode())
    return signed + b"." + coded(key.sign(signed, padding.PKCS1v15(), hashes.SHA256()))


def signs(tool: Tool, said: dict[str, Any], mark: bytes, **changes: Any) -> int:
    one = attached(mark, **{"usageType": SIGNATURE, "contentType": "application/octet-stream", **changes})
    return sends(tool, first({**said, "attachments": [one]}), part(mark), END).status_code


def test_a_signed_statement_is_taken_with_and_without_its_certificate(
    tool: Tool, key: rsa.RSAPrivateKey, certificate: str
) -> None:
    said = statement(id=uuid_of(1), result={"duration": "PT1.239S"})

    plain = signs(tool, said, signature(key, {**said, "result": {"duration": "PT1.23S"}}))
    proven = signs(tool, {**said, "id": uuid_of(2)}, signature(key, said, x5c=[certificate]))

    assert (200, 200) == (plain, proven)


def test_a_signature_is_refused_where_it_is_none_of_this_statement(
    tool: Tool, key: rsa.RSAPrivateKey, certificate: str
) -> None:
    said = statement()
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    marks = {
        "no signature": b"nothing",
        "not coded": b"!.!.!",
        "no object": signature(key, [said]),
        "half an object": signature(key, {"actor": {}}),
        "another statement": signature(key, statement(verb={"id": "http://example.org/other"})),
        "another algorithm": signature(key, said, alg="HS256"),
        "no algorithm": signature(key, said, alg="none"),
        "another key than its certificate's": signature(other, said, x5c=[certificate]),
        "a certificate that is none": signature(key, said, x5c=["AAAA"]),
        "certificates in no list": signature(key, said, x5c={"a": 1}),
    }

    statuses = {name: signs(tool, said, mark) for name, mark in marks.items()}

    assert dict.fromkeys(marks, 400) == statuses
    assert 400 == signs(tool, said, signature(key, said), contentType="text/plain")
    assert [] == tool.finds()
