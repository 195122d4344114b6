"""A box behind the image's own nginx, over HTTP and HTTPS at once, with a certificate by an authority of ours."""

import os
import signal
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from catalog.db import Connection
from catalog.manifest import Release
from edge.box import Box
from edge.campus import words
from edge.config import Config
from edge.secure.secure import KEY_FILE
from edge.serve import sites
from sync.campus.ownership import Side, Word
from sync.certificates import CERTIFICATE, ZONE, secure_name
from sync.clock import SystemClock
from sync.web.front import Front
from tests.issued import issued
from tests.ports import WORKERS_MAX, free_ports, is_free

NGINX = "/usr/sbin/nginx"
PROVISIONING = Path(__file__).parents[3] / "provisioning"
SAMPLES = PROVISIONING / "samples"
UNDER = "boxes.school.example"
DAY_SECONDS = 86_400


@dataclass
class Served:
    """A box that answers both ways."""

    box: Box
    folder: Path
    name: str
    seen: int
    secure: int
    twin: int
    lesson: Release
    nginx: subprocess.Popen[bytes]
    root_file: Path
    shelve: Callable[..., Release]

    @property
    def plain(self) -> str:
        return f"http://{self.name}:{self.seen}"

    @property
    def secured(self) -> str:
        return f"https://{self.name}:{self.secure}"

    def certified(self, begins_seconds: int, ends_seconds: int) -> None:
        """The hub's word came, with a certificate for these days; nginx is told, as the image's unit does."""
        certified(self.box, begins_seconds, ends_seconds)
        self.nginx.send_signal(signal.SIGHUP)

    def serial(self) -> int:
        """Of the certificate that is handed out now."""
        said = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{self.secure}", "-servername", self.name],
            input=b"", capture_output=True, check=False,
        ).stdout  # fmt: skip
        return x509.load_pem_x509_certificates(said)[0].serial_number

    def asks(self, address: str, said: object = None, **more: str) -> httpx.Response:
        """Ask for an address by the box's name, or say something there, as a phone that knows who signs."""
        url = httpx.URL(address)
        with httpx.Client(verify=ssl.create_default_context(cafile=str(self.root_file))) as client:
            return client.request(
                "GET" if said is None else "POST",
                url.copy_with(host="127.0.0.1"),
                json=said,
                headers={"Host": f"{url.host}:{url.port}", **more},
                extensions={"sni_hostname": url.host},
            )


def certified(box: Box, begins_seconds: int, ends_seconds: int) -> bytes:
    """Let the hub's words be here: its zone, and a certificate for these days. Returns the root that signs."""
    name = secure_name(box.id, UNDER)

    def ruled(connection: Connection) -> None:
        row = ["hub", "http://hub", box.id, "wadi", "Wadi"]
        connection.execute("insert or ignore into pinned_hub values (1, ?, ?, ?, ?, ?)", row)
        words.keep(connection, Word("policy", ZONE, Side.HUB, b"1", {"name": ZONE, "value": UNDER}))

    box.database.write(ruled)
    box.secure.look()
    key = serialization.load_pem_private_key((box.data / KEY_FILE).read_bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    made = issued(name, key.public_key(), begins_seconds, ends_seconds)
    last = words.fact(box.database.read(), CERTIFICATE, box.id)
    stamp = bytes([last.stamp[0] + 1]) if last else b"1"
    word = Word(CERTIFICATE, box.id, Side.HUB, stamp, {"box": box.id, "chain": made.chain})
    box.database.write(lambda connection: words.keep(connection, word))
    box.secure.look()
    return made.root


@pytest.fixture
def served(tmp_path: Path, boxes: Callable[..., Box], shelve: Callable[..., Release]) -> Iterator[Served]:
    seen, own, secure = free_ports(3)
    content, twin = _content_ports()
    config = Config(
        host="127.0.0.1", port=own, port_seen=seen, accel="/internal/", secure_port=secure,
        content_port=10_000 + content, content_port_seen=content, content_ports=1, secure_content_port=twin,
    )  # fmt: skip
    box = boxes("both", config=config)
    box.setup.claim(str(box.setup.label_code()), "a long password", "Grade 8 B")
    box.start()
    lesson = shelve(box, "lesson", [SAMPLES / "lesson"])
    now = SystemClock().now().wall_seconds
    both = (min(now, box.clock.now().wall_seconds), max(now, box.clock.now().wall_seconds))
    root = certified(box, both[0] - DAY_SECONDS, both[1] + 90 * DAY_SECONDS)
    root_file = tmp_path / "root.pem"
    root_file.write_bytes(root)
    folder = tmp_path / "nginx"
    main = configured(folder, box, seen, own, content, secure, twin)
    with Front(sites(box), box.clock).serving(), subprocess.Popen([NGINX, "-c", main, "-p", folder]) as nginx:
        wait_for(secure)
        try:
            name = secure_name(box.id, UNDER)
            yield Served(box, folder, name, seen, secure, twin, lesson, nginx, root_file, shelve)
        finally:
            nginx.terminate()


def configured(folder: Path, box: Box, seen: int, own: int, content: int, secure: int, twin: int) -> Path:
    """The image's nginx with both files as they are; only ports and folder are those of the test."""
    (folder / "conf.d").mkdir(parents=True)
    plain = (
        (PROVISIONING / "nginx.conf")
        .read_text()
        .replace("/var/lib/qanat", str(box.data))
        .replace("127.0.0.1:18080", f"127.0.0.1:{own}")
        .replace("listen 80 default_server", f"listen 127.0.0.1:{seen}")
        .replace("listen 8100-8115", f"listen 127.0.0.1:{content}")
        .replace("$scheme://$host", f"$scheme://$host:{seen}")
    )
    (folder / "conf.d/qanat.conf").write_text(plain)
    tls = (
        (PROVISIONING / "nginx-tls.conf")
        .read_text()
        .replace("/var/lib/qanat", str(box.data))
        .replace("listen 443", f"listen 127.0.0.1:{secure}")
        .replace("listen 8200-8215", f"listen 127.0.0.1:{twin}")
        .replace("~^82(?<two>[0-9][0-9])$ 181$two", f"{twin} {10_000 + content}")
        .replace("$scheme://$host", f"$scheme://$host:{secure}")
    )
    (folder / "conf.d/qanat-secure.conf").write_text(tls)
    main = folder / "nginx.conf"
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    main.write_text(
        f"user root;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\ndaemon off;\n"
        f"events {{ }}\nhttp {{\naccess_log off;\nserver_names_hash_bucket_size 128;\n{temporary}\n"
        f"include {folder}/conf.d/*.conf;\n}}\n"
    )
    return main


def _content_ports() -> tuple[int, int]:
    """A free port that is free with a 1 before its number too, and its twin; no two workers look in one place."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS_MAX
    first = 9000 + 200 * worker
    for content in range(first, first + 100):
        if all(is_free(port) for port in (content, content + 100, 10_000 + content)):
            return content, content + 100
    raise AssertionError("no port is free")


def wait_for(port: int) -> None:
    for _ in range(500):
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        threading.Event().wait(0.02)
    raise AssertionError("nginx did not come up")
