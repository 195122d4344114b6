"""Judging: from the body of a request to statements that may be stored.

* The statements of one request are judged together before anything is kept: all may be stored, or none.
* Each attachment comes along, or states where else it lies; and nothing comes along that no statement names.
* A statement that would not fit into an event of the journal is refused whole, with the limit.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from catalog.manifest import canonical
from edge.learning.lrs.attachments import Attachments, Brought
from edge.learning.lrs.call import JSON, Call
from edge.learning.lrs.literal import moment_of
from edge.learning.lrs.multipart import ENCODING_HEADER, HASH_HEADER, MIXED, Part, parts_of
from edge.learning.lrs.refusal import NotTaken, malformed
from edge.learning.lrs.rights import Rights
from edge.learning.lrs.signature import demand_signed
from edge.learning.lrs.statement import SIGNATURE, attachments_of, check, normal
from edge.learning.lrs.statements import Stated
from edge.learning.lrs.text import canonical_text, parsed
from edge.learning.lrs.versions import Version
from sync.events import PAYLOAD_BYTES_MAX

STATEMENTS_MAX = 500
"""Of one request: they are one transaction, and everybody else waits for it."""
_STORED_IN_1 = "1.0.0"
"""What a statement of 1.0.3 speaks that does not say it."""


def judged(
    call: Call, rights: Rights, attachments: Attachments, new_uuid: Callable[[], str], name: str = ""
) -> list[Stated]:
    """The statements that a request brings; with `name` the one whose id the request states. Raises NotTaken."""
    first, parts = _opened(call)
    documents = parsed(first)
    documents = [documents] if isinstance(documents, dict) else documents
    if not isinstance(documents, list) or (name and len(documents) != 1):
        raise malformed("The content is no statement." if name else "The content is neither a statement nor a list.")
    if len(documents) > STATEMENTS_MAX:
        raise NotTaken(413, f"One request may bring {STATEMENTS_MAX} statements.", "Send them in smaller lists.")
    for place, document in enumerate(documents):
        check(document, call.version, "The statement" if len(documents) == 1 else f"Statement {place + 1}")
        rights.demand_statement(document)
    whole = [_completed(document, call.version, rights, new_uuid, name) for document in documents]
    names = {one["id"].lower() for one in whole}
    if len(names) < len(whole):
        raise malformed("Two statements of one request have one id.")
    brought = _brought(whole, parts, attachments)
    return [Stated(one, _own(one, brought)) for one in whole]


def _opened(call: Call) -> tuple[bytes, Mapping[str, Part]]:
    """The bytes of the statements, and the attachments beside them by their hash."""
    if call.media_type == JSON:
        return call.body, {}
    if call.media_type != MIXED:
        raise malformed(f"Statements come as {JSON} or as {MIXED}.")
    parts = parts_of(call.headers["content-type"], call.body)
    if not parts or parts[0].media_type != JSON:
        raise malformed(f"The first part should hold the statements, as {JSON}.")
    named: dict[str, Part] = {}
    for part in parts[1:]:
        if HASH_HEADER not in part.headers:
            raise malformed("A part has no X-Experience-API-Hash.")
        if part.headers.get(ENCODING_HEADER, "").lower() != "binary":
            raise malformed("A part has no Content-Transfer-Encoding, or another than binary.")
        named[part.headers[HASH_HEADER].lower()] = part
    return parts[0].data, named


def _completed(
    document: Mapping[str, Any], version: Version, rights: Rights, new_uuid: Callable[[], str], name: str
) -> dict[str, Any]:
    if name and document.get("id", name).lower() != name.lower():
        raise malformed("The statement has another id than the request states.")
    kept = normal(document)
    kept.pop("stored", None)
    kept["id"] = name or document.get("id") or new_uuid()
    kept["authority"] = rights.authority
    kept.setdefault("version", _STORED_IN_1 if version is Version.FIRST else version.value)
    said = canonical_text({"timestamp": moment_of(0), "stored": moment_of(0), **kept})
    size_bytes = len(canonical({"statement": said, "course": rights.course}))
    if size_bytes > PAYLOAD_BYTES_MAX:
        raise NotTaken(
            413,
            f"A statement may have {PAYLOAD_BYTES_MAX} bytes as the journal writes it, and this one has {size_bytes}.",
            "Put what is long into an attachment or into a state document.",
        )
    return kept


def _brought(
    documents: Sequence[Mapping[str, Any]], parts: Mapping[str, Part], attachments: Attachments
) -> dict[str, Brought]:
    """Put what came along on the disk. Raises NotTaken where something is missing, or nobody asked for it."""
    told = [(document, one) for document in documents for one in attachments_of(document)]
    named = {one["sha2"].lower() for _, one in told}
    if parts.keys() - named:
        raise malformed("A part is the attachment of no statement.")
    for document, one in told:
        part = parts.get(one["sha2"].lower())
        if part is None and "fileUrl" not in one:
            raise malformed("An attachment neither came along nor states where it lies.")
        if part is None:
            continue
        if one["usageType"] == SIGNATURE:
            demand_signed(document, part.data)
    return {sha2: attachments.take_in(sha2, part.data) for sha2, part in parts.items()}


def _own(document: Mapping[str, Any], brought: Mapping[str, Brought]) -> list[tuple[Brought, str]]:
    told = attachments_of(document)
    return [(brought[one["sha2"].lower()], one["contentType"]) for one in told if one["sha2"].lower() in brought]
