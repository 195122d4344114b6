"""An authority: pebble, Let's Encrypt's own small ACME server, and the name server that it asks, on loopback.

* Its address is trusted by a certificate that is made here; what it issues, nobody believes but the tests.
* A zone is changed by a program, as a hub's staff would have one: `hook` is such a program for this name server.
"""

import datetime
import ipaddress
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.ports import free_ports

PEBBLE, NAME_SERVER = "/usr/bin/pebble", "/usr/bin/pebble-challtestsrv"
TRIES_MAX = 200
HOOK = """#!{python}
import json, sys, urllib.request
word, name, value = sys.argv[1:]
with open({log!r}, "a") as log:
    log.write(word + " " + name + "\\n")
if {refuses}:
    sys.exit("the zone is locked")
path = {{"add": "set-txt", "remove": "clear-txt"}}[word]
data = json.dumps({{"host": name + ".", "value": value}}).encode()
urllib.request.urlopen("http://127.0.0.1:{port}/" + path, data)
"""


@dataclass(frozen=True)
class Running:
    """An authority at work."""

    directory: str
    ca_file: Path
    folder: Path
    names_port: int
    management: str

    def hook(self, *, refuses: bool = False) -> Path:
        """A program that changes the zone, or says that it may not."""
        program = self.folder / f"hook{'-refusing' * refuses}"
        program.write_text(HOOK.format(python=sys.executable, log=str(self.log), refuses=refuses, port=self.names_port))
        program.chmod(0o755)
        return program

    @property
    def log(self) -> Path:
        """What hooks were asked, line by line."""
        return self.folder / "hook.log"

    def root(self) -> bytes:
        """The authority that signs what it issues (PEM)."""
        return httpx.get(f"{self.management}/roots/0", verify=False).content


@contextmanager
def authority(folder: Path, *, valid_days: int = 90) -> Iterator[Running]:
    """An authority for as long as somebody wants it."""
    folder.mkdir(parents=True, exist_ok=True)
    port, management, names, names_port, *challenges = free_ports(6)
    ca_file, key_file = _own_certificate(folder)
    about = {
        "listenAddress": f"127.0.0.1:{port}",
        "managementListenAddress": f"127.0.0.1:{management}",
        "certificate": str(ca_file),
        "privateKey": str(key_file),
        "httpPort": challenges[0],
        "tlsPort": challenges[1],
        "ocspResponderURL": "",
        "externalAccountBindingRequired": False,
        "certificateValidityPeriod": valid_days * 86_400,
    }
    config = folder / "pebble.json"
    config.write_text(json.dumps({"pebble": about}))
    quick = {**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0", "PEBBLE_AUTHZREUSE": "0"}
    servers = [
        [PEBBLE, "-config", str(config), "-strict", "-dnsserver", f"127.0.0.1:{names}"],
        [NAME_SERVER, "-dns01", f"127.0.0.1:{names}", "-management", f"127.0.0.1:{names_port}",
         "-http01", "", "-https01", "", "-tlsalpn01", ""],
    ]  # fmt: skip
    with (folder / "authority.log").open("wb") as log:
        running = [subprocess.Popen(one, env=quick, stdout=log, stderr=log, cwd=folder) for one in servers]
        try:
            directory = f"https://127.0.0.1:{port}/dir"
            _wait_for(directory)
            _wait_for(f"http://127.0.0.1:{names_port}/")
            yield Running(directory, ca_file, folder, names_port, f"https://127.0.0.1:{management}")
        finally:
            for one in running:
                one.terminate()
            for one in running:
                one.wait()


def _own_certificate(folder: Path) -> tuple[Path, Path]:
    """By which the authority's own address is known; it has nothing to do with what it issues."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority")])
    now = datetime.datetime.now(datetime.UTC)  # noqa: TID251 - the authority is a program with this machine's clock
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    usage = x509.KeyUsage(True, False, False, False, False, True, False, False, False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=9))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    ca_file, key_file = folder / "authority.pem", folder / "authority.key"
    ca_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    return ca_file, key_file


def _wait_for(address: str) -> None:
    for _ in range(TRIES_MAX):
        try:
            httpx.get(address, verify=False)
        except httpx.TransportError:
            threading.Event().wait(0.05)
            continue
        return
    raise AssertionError(f"nobody answers at {address}")
