"""docs/hub.md is true: its blocks are run as they stand, with other values for the names of its first block."""

import configparser
import re
import shlex
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.processes import running
from tests.ports import free_ports

pytestmark = pytest.mark.system

ROOT = Path(__file__).parent.parent.parent
GUIDE = (ROOT / "docs/hub.md").read_text()
NAME = "hub.test"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The guide's names, with values of this machine."""
    folder = tmp_path_factory.mktemp("hub")
    hub_port, tls_port = free_ports(2)
    return {
        "NAME": NAME,
        "HUB_DATA": str(folder / "data"),
        "HUB_HOME": str(folder / "home"),
        "HUB_PORT": str(hub_port),
        "HUB_BACKUPS": str(folder / "backups"),
        "TLS_FOLDER": str(folder / "tls"),
        "TLS_PORT": str(tls_port),
        "NGINX_SITE": str(folder / "site.conf"),
    }


@pytest.fixture(scope="module")
def installed(places: dict[str, str]) -> dict[str, str]:
    """Every `sh` block, in order, as one person would type them."""
    script = "set -euo pipefail\n" + "\n".join(blocks("sh"))
    environment = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "DEBIAN_FRONTEND": "noninteractive",
        **places,
    }
    ended = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert '"token"' in ended.stdout
    return places


@pytest.fixture(scope="module")
def served(installed: dict[str, str]) -> Iterator[dict[str, str]]:
    """The unit's own command, and nginx with the guide's site before it."""
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(blocks("ini")[0])
    here = {
        "/opt/qanat": installed["HUB_HOME"],
        "/var/lib/qanat-hub": installed["HUB_DATA"],
        "8300": installed["HUB_PORT"],
        "hub.example.org": NAME,
    }
    words = unit["Service"]["ExecStart"]
    for written, meant in here.items():
        words = words.replace(written, meant)
    folder = Path(installed["HUB_DATA"]).parent
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;\n"
        f"events {{}}\nhttp {{ access_log off; include {installed['NGINX_SITE']}; }}\n"
    )
    with (
        running(shlex.split(words), folder / "hub.log"),
        running(["/usr/sbin/nginx", "-c", str(configuration)], folder / "front.log"),
    ):
        for port in (installed["HUB_PORT"], installed["TLS_PORT"]):
            _wait_for(int(port))
        yield installed


def test_the_hub_answers_over_tls(served: dict[str, str]) -> None:
    trust = ssl.create_default_context(cafile=f"{served['TLS_FOLDER']}/hub.crt")

    with (
        socket.create_connection(("127.0.0.1", int(served["TLS_PORT"]))) as plain,
        trust.wrap_socket(plain, server_hostname=NAME) as link,
    ):
        address = f"{NAME}:{served['TLS_PORT']}"
        link.sendall(f"GET /claim HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: link.recv(65_536), b""))

    assert answer.startswith(b"HTTP/1.1 200")
    assert b'name="code"' in answer


def test_the_hub_itself_listens_on_this_machine_only(served: dict[str, str]) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{served['HUB_PORT']}/ping") as answer:
        assert answer.status in (200, 204)


def _wait_for(port: int) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on {port}")
