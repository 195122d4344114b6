"""Uploads: files that a form brings are written to our own disk as they come, never to memory.

* They lie in a folder of the data folder under passing names, and are gone with the request, whatever became of it.
* How much a request may bring is asked for each: by its path, and by who sends it.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

from flask import Request

UPLOAD_PREFIX = "upload-"


def request_class(folder: Path, bytes_max: Callable[[Request], int]) -> type[Request]:
    """The class of an application's requests whose files lie in `folder`, which is there."""

    class UploadRequest(Request):
        """A request whose files are written to our own disk as they come."""

        _bytes_max: int | None = None
        _streams: tuple[IO[bytes], ...] = ()

        @property
        def max_content_length(self) -> int | None:
            return bytes_max(self) if self._bytes_max is None else self._bytes_max

        @max_content_length.setter
        def max_content_length(self, value: int | None) -> None:
            self._bytes_max = value

        def _get_file_stream(
            self,
            total_content_length: int | None,
            content_type: str | None,
            filename: str | None = None,
            content_length: int | None = None,
        ) -> IO[bytes]:
            stream: Any = NamedTemporaryFile(dir=folder, prefix=UPLOAD_PREFIX)  # noqa: SIM115 - closed below
            self._streams = (*self._streams, stream)
            return stream  # type: ignore[no-any-return]

        def close(self) -> None:
            super().close()
            for stream in self._streams:
                stream.close()  # also those of a form that broke off in the middle

    return UploadRequest
