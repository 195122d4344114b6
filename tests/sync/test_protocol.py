"""docs/protocol.md says what the code does: its examples are the golden messages, its tables are the constants.

Examples of old versions stay in the page for ever, and so in these tests.
"""

import hmac
import json
import re
from pathlib import Path

import pytest

from catalog.digest import sha256
from catalog.manifest import canonical
from sync import batch, columns, events, fields, signing, wire
from sync.batch import blanked, decode, encode, verify
from sync.events import CHAIN_START, KINDS
from sync.hub.protocol import STATUS
from sync.keys import KeyPair, PublicKey, base64url, box_id
from sync.patch import format as packs
from sync.wire import Answer, Enrol, Refusal, Report, Welcome, version_fault

PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text()
FENCES = re.findall(r"^```(\w+) (\w+) (\d+)\n(.*?)\n```$", PAGE, re.MULTILINE | re.DOTALL)
MESSAGES = {"Enrol": Enrol, "Welcome": Welcome, "Report": Report, "Answer": Answer, "Refusal": Refusal}
GOLDEN = [
    pytest.param(name, int(version), text, id=f"{name}-{version}-{place}")
    for place, (form, name, version, text) in enumerate(FENCES)
    if form == "json" and name in MESSAGES
]
BOX_KEY, HUB_KEY = KeyPair.from_seed(bytes(range(32))), KeyPair.from_seed(bytes(range(32, 64)))


def fence(form, name):
    """The one example of this form and name."""
    (text,) = [text for found, named, _, text in FENCES if (found, named) == (form, name)]
    return text


def golden_batch():
    return bytes.fromhex(fence("hex", "Batch"))


def whole(text):
    """The message as it travels: with the batch behind its line feed, where it says that there is one."""
    return text.encode() + (b"\n" + golden_batch() if '"batch":' in text else b"")


@pytest.mark.parametrize(("name", "version", "text"), GOLDEN)
def test_a_golden_message_is_read_and_written_to_the_same_bytes(name, version, text):
    message = MESSAGES[name].from_bytes(whole(text))

    assert version == message.version
    assert version_fault(message.version) is None
    assert whole(text) == message.to_bytes()


def test_every_message_has_a_golden_example_of_version_1():
    assert MESSAGES.keys() == {name for form, name, version, _ in FENCES if form == "json" and version == "1"} - {
        "Chain"
    }


def test_what_a_newer_box_says_beyond_us_is_kept():
    (text,) = [text for _, name, version, text in FENCES if (name, version) == ("Report", "2")]

    assert {"tuf": [7, 12]} == Report.from_bytes(text.encode()).extra


def test_the_worked_example_is_right():
    """Worked out from the page's words alone, without the code that it describes."""
    last = bytes(32)
    for event in json.loads(fence("json", "Chain")):
        salt = hmac.digest(bytes.fromhex(event["salt_key"]), event["id"].encode(), "sha256")
        payload_hash = sha256(salt + event["payload"].encode())
        last = sha256(last + event["header"].encode() + payload_hash)
        assert [event["salt"], event["payload_hash"], event["hash"]] == [salt.hex(), payload_hash.hex(), last.hex()]


def test_the_golden_batch_holds_the_worked_example():
    took = decode(golden_batch())
    chain = json.loads(fence("json", "Chain"))

    verify(took, CHAIN_START)
    assert [event["header"].encode() for event in chain] == [events.header(took.box, event) for event in took.events]
    assert [event["payload"].encode() for event in chain] == [event.payload for event in took.events]
    assert [event["hash"] for event in chain] == [took.hash_at(event.sequence).hex() for event in took.events]


def test_the_golden_batch_survives_being_written_again_and_blanked():
    took = decode(golden_batch())

    assert took == decode(encode(took))
    without = decode(encode(blanked(took, took.keys.keys())))
    verify(without, CHAIN_START)
    assert {} == without.keys


def test_the_reports_head_is_the_end_of_the_worked_example():
    end = bytes.fromhex(json.loads(fence("json", "Chain"))[-1]["hash"])

    assert f'"{base64url(end)}"' in PAGE


def message_of(text):
    first, _, rest = text.partition("\n")
    lines, _, body = rest.partition("\n\n")
    return first.split(), dict(line.split(": ", 1) for line in lines.split("\n")), body.encode()


def test_the_signed_request_is_believed():
    (method, path, _), headers, body = message_of(fence("http", "Request"))

    keyid = signing.verify_request(method, path, headers, body, lambda _: PublicKey(BOX_KEY.public))

    assert box_id(BOX_KEY.public) == keyid == Report.from_bytes(body).box
    assert headers == signing.sign_request(method, path, body, BOX_KEY, keyid)


def test_the_signed_answer_is_believed_as_the_answer_to_that_request():
    (_, status, _), headers, body = message_of(fence("http", "Answer"))
    asked = Report.from_bytes(message_of(fence("http", "Request"))[2])

    signing.verify_answer(int(status), headers, body, PublicKey(HUB_KEY.public), asked.nonce)

    assert asked.request == Answer.from_bytes(body).request
    assert headers == signing.sign_answer(int(status), body, HUB_KEY, asked.nonce)
    assert f"`{BOX_KEY.public}`" in PAGE
    assert f"`{HUB_KEY.public}`" in PAGE


def test_the_limits_are_those_of_the_code():
    said = {name: int(value) for name, value in re.findall(r"^\| `([A-Z_]+_MAX)` \| (\d+) \|", PAGE, re.MULTILINE)}
    homes = (wire, fields, columns, batch, events, signing, packs)

    assert said == {name: next(getattr(home, name) for home in homes if hasattr(home, name)) for name in said}
    assert 22 == len(said)


def test_the_kinds_are_those_of_the_code():
    def listed(values):
        return ", ".join(f"`{name}`: {value.value}" for name, value in values.items()) or "-"

    rows = [
        f"| `{name}` | {kind.sentence} | {listed(kind.needs)} | {listed(kind.may_have)} |"
        for name, kind in KINDS.items()
    ]

    assert [] == [row for row in rows if row not in PAGE]


def test_the_codes_of_refusals_are_those_of_the_hub():
    said = {code: int(status) for code, status in re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \|", PAGE, re.MULTILINE)}

    assert STATUS == said


def test_the_addresses_are_those_of_the_code():
    for address in (f"`POST {wire.ENROL_PATH}`", f"`POST {wire.SESSION_PATH}`", f"`GET {wire.PACK_PATH}NAME`"):
        assert address in PAGE


def test_the_payload_of_the_page_is_in_its_one_form():
    assert all(
        canonical(json.loads(event["payload"])) == event["payload"].encode()
        for event in json.loads(fence("json", "Chain"))
    )
