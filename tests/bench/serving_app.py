"""One small application, served by our front and by nginx with gunicorn: the same pages, the same video.

Run as a program it is our front on `PORT`, with the tree of `DATA` as a course on `PORT + 1`.
"""

import os
import sys
from pathlib import Path

from flask import Flask, Response

DATA = Path(os.environ["DATA"])
IS_BEHIND_NGINX = bool(os.environ.get("BEHIND_NGINX"))
ROWS = 240

app = Flask("bench")
page = app.jinja_env.from_string(
    "<!doctype html><title>{{ title }}</title><table>{% for row in rows %}"
    "<tr><td>{{ row }}</td><td>{{ row * row }}</td><td>A line of a page, as long as they are.</td></tr>"
    "{% endfor %}</table>"
)


@app.get("/page")
def a_page() -> str:
    return page.render(title="Courses", rows=range(ROWS))


@app.get("/video")
def a_video() -> Response:
    response = Response(b"", content_type="video/mp4")
    if IS_BEHIND_NGINX:
        response.headers["X-Accel-Redirect"] = "/internal/video.mp4"
    else:
        response.headers["X-Sendfile"] = str(DATA / "video.mp4")
    return response


def main(port: int) -> None:
    from sync.clock import SystemClock
    from sync.web.content import Content, ContentFile
    from sync.web.front import Front, Site
    from sync.web.wsgi import Application

    class Course:
        """A course of one launch, found in memory."""

        def __init__(self) -> None:
            self._files = {f"launch/{path.name}": ContentFile(path, "text/javascript") for path in DATA.glob("*.js")}

        def resolve(self, port: int, host: str, path: str) -> ContentFile | None:
            return self._files.get(path)

        def on_page(self, port: int, host: str, path: str) -> None:
            return None

    sites = [
        Site("127.0.0.1", port, Application(app, [DATA])),
        Site("127.0.0.1", port + 1, Content(Course(), port)),
    ]
    Front(sites, SystemClock()).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
