"""Certificates that do not hold, on a real connection: each is said in words, and a clock from 1970 is no obstacle."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sync.clock import Moment, SystemClock
from sync.link import NotTheHub
from sync.links.http import HttpLink

pytestmark = pytest.mark.system


class Clock:
    def __init__(self, is_trusted: bool) -> None:
        self._is_trusted = is_trusted

    def now(self) -> Moment:
        return Moment(1_790_000_000, 1.0, self._is_trusted)

    def wait(self, seconds: float) -> None:
        raise AssertionError("a link never waits")


class Silent(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


class Quiet(HTTPServer):
    def handle_error(self, *_: object) -> None:
        """A caller that does not trust us hangs up; that is what is tested."""


def certificate(folder: Path, name: x509.GeneralName, valid_days: int) -> Path:
    """A certificate for `name`, signed by itself, with its key; one of -1 days has expired."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hub")])
    end = datetime.fromtimestamp(SystemClock().now().wall_seconds, UTC) + timedelta(days=valid_days)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(end - timedelta(days=9))
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    plain = serialization.NoEncryption()
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    return path


@contextmanager
def serving(certificate: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = Quiet(("127.0.0.1", 0), Silent)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    with closing(server.socket):
        yield f"https://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


HERE = x509.IPAddress(ip_address("127.0.0.1"))
ELSEWHERE = x509.DNSName("elsewhere.example")


@pytest.mark.parametrize(
    ("name", "valid_days", "is_known", "sentence"),
    [(HERE, 5, False, "nobody the box knows"), (ELSEWHERE, 5, True, "for another name"), (HERE, -1, True, "expired")],
)
def test_a_certificate_that_does_not_hold(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: x509.GeneralName,
    valid_days: int,
    is_known: bool,
    sentence: str,
) -> None:
    path = certificate(tmp_path, name, valid_days)
    if is_known:
        monkeypatch.setenv("SSL_CERT_FILE", str(path))

    with (
        serving(path) as address,
        HttpLink(address, clock=Clock(is_trusted=True)) as link,
        pytest.raises(NotTheHub, match=sentence),
    ):
        link.exchange("/sync/session", b"{}", {})


def test_a_box_that_woke_up_in_1970_reaches_its_hub_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No certificate is valid on its date; it must hear the time from its hub, which signs it."""
    path = certificate(tmp_path, HERE, -1)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))

    with serving(path) as address, HttpLink(address, clock=Clock(is_trusted=False)) as link:
        assert b"{}" == link.exchange("/sync/session", b"{}", {}).body
