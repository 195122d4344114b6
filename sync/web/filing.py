"""Answering with a file: conditions, ranges, and the compressed copy beside it.

* A text file is answered by its `.gz` where the client takes gzip; `Vary` says so either way.
* What is small comes from memory, what is large is sent part by part; both obey the same rules (`ranges`).
"""

from pathlib import Path

from catalog.media import is_text
from sync.web.exchange import Answer, FilePart, Headers, Request, refusal
from sync.web.hands import Hands
from sync.web.ranges import Selection, Verdict, select
from sync.web.reading import OpenFile, SmallFile

KEPT_WHEN_NOT_MODIFIED = frozenset({"cache-control", "etag", "vary", "last-modified", "content-security-policy"})


async def answer_with_file(
    path: Path, headers: Headers, request: Request, hands: Hands, *, is_bare: bool = False
) -> Answer:
    """Answer with the file at `path`; `headers` are what goes with it, Content-Type among them.

    Raises FileNotFoundError or IsADirectoryError where it is no file.
    """
    media_type = next((value for name, value in headers if name.lower() == "content-type"), "").partition(";")[0]
    file = await hands.files.open(path, is_text(media_type) and request.accepts_gzip())
    answer = answer_with(file, headers, request, is_varied=is_text(media_type))
    answer.is_bare = is_bare
    if isinstance(file, OpenFile) and not isinstance(answer.body, FilePart):
        file.close()
    return answer


def answer_with(file: SmallFile | OpenFile, headers: Headers, request: Request, *, is_varied: bool) -> Answer:
    """Decide what of an open file answers this request."""
    own_etag = next((value for name, value in headers if name.lower() == "etag"), None)
    etag = own_etag or file.etag
    chosen = select(request.method, request.headers, file.size_bytes, etag, file.modified_seconds)
    described = [*headers, ("Accept-Ranges", "bytes"), ("Last-Modified", file.last_modified)]
    if own_etag is None:
        described.append(("ETag", etag))
    if is_varied:
        described.append(("Vary", "Accept-Encoding"))
    if file.is_gzip:
        described.append(("Content-Encoding", "gzip"))
    match chosen.verdict:
        case Verdict.WHOLE:
            return Answer(200, described, _body(file, chosen))
        case Verdict.PART:
            last_byte = chosen.first_byte + chosen.size_bytes - 1
            content_range = ("Content-Range", f"bytes {chosen.first_byte}-{last_byte}/{file.size_bytes}")
            return Answer(206, [*described, content_range], _body(file, chosen))
        case Verdict.NOT_MODIFIED:
            return Answer(304, [(name, value) for name, value in described if name.lower() in KEPT_WHEN_NOT_MODIFIED])
        case Verdict.PRECONDITION_FAILED:
            return refusal(412, "This file has changed.", "Load the page again.")
        case Verdict.UNSATISFIABLE:
            beyond = ("Content-Range", f"bytes */{file.size_bytes}")
            return refusal(416, "The file ends before that place.", "Load the page again.", beyond, ("ETag", etag))


def _body(file: SmallFile | OpenFile, chosen: Selection) -> bytes | FilePart:
    if isinstance(file, SmallFile):
        return file.data[chosen.first_byte : chosen.first_byte + chosen.size_bytes]
    return FilePart(file, chosen.first_byte, chosen.size_bytes)
