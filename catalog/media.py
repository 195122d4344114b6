"""Media types: what a file is told to be, by its suffix.

* One fixed table: every box and every hub says the same of the same file, whatever the system believes.
* A suffix that is not in the table is bytes to download, never a page to run.
"""

from pathlib import PurePosixPath

BYTES = "application/octet-stream"

TYPES = {
    ".aac": "audio/aac",
    ".avif": "image/avif",
    ".bmp": "image/bmp",
    ".css": "text/css",
    ".csv": "text/csv",
    ".epub": "application/epub+zip",
    ".flac": "audio/flac",
    ".gif": "image/gif",
    ".glb": "model/gltf-binary",
    ".gltf": "model/gltf+json",
    ".htm": "text/html",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript",
    ".json": "application/json",
    ".m4a": "audio/mp4",
    ".m4v": "video/mp4",
    ".map": "application/json",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".mov": "video/quicktime",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".ogv": "video/ogg",
    ".opus": "audio/ogg",
    ".otf": "font/otf",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".srt": "application/x-subrip",
    ".svg": "image/svg+xml",
    ".swf": "application/x-shockwave-flash",
    ".ttf": "font/ttf",
    ".txt": "text/plain",
    ".vtt": "text/vtt",
    ".wasm": "application/wasm",
    ".wav": "audio/wav",
    ".webm": "video/webm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xhtml": "application/xhtml+xml",
    ".xml": "application/xml",
    ".zip": "application/zip",
}

_TEXTS = {
    "application/javascript", "application/json", "application/manifest+json", "application/wasm",
    "application/x-subrip", "application/xhtml+xml", "application/xml", "image/bmp", "image/svg+xml", "image/x-icon",
    "font/otf", "font/ttf", "model/gltf+json",
}  # fmt: skip


def media_type(path: str) -> str:
    """The media type of a file of this name.

    >>> media_type("lesson/Index.HTML")
    'text/html'
    """
    return TYPES.get(PurePosixPath(path).suffix.lower(), BYTES)


def is_text(media_type: str) -> bool:
    """Tell whether gzip is worth trying: text, and the few binary kinds that are stored open."""
    return media_type.startswith("text/") or media_type in _TEXTS
