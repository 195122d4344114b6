"""Fields: a box's networks in the kernel's own namespaces, with two phones on the one side and the world on the other.

* The box's rules, names and leases are those that the seed makes, loaded by the real programs.
* Phones are kept apart as a radio keeps them (ports of a bridge that may not speak to each other).
* Names of namespaces and links are of this process; all of it goes at the end.
"""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

IP = "/usr/sbin/ip"
NFT = "/usr/sbin/nft"
DNSMASQ = "/usr/sbin/dnsmasq"
UPLINK = "wan0"
BOX_OUTSIDE = "192.0.2.10"
WORLD = "192.0.2.1"
PHONES = ("10.42.0.201", "10.42.0.202")
TRIES = 200


class Field:
    """Four namespaces: `box`, `world`, and `one` and `two`, which are phones."""

    def __init__(self, radio: str) -> None:
        self._mark = f"q{os.getpid()}"
        self.radio = radio
        for name in ("box", "world", "one", "two"):
            _do(IP, "netns", "add", self.name(name))
            self.runs(name, IP, "link", "set", "lo", "up")
        self._wire("box", UPLINK, f"{BOX_OUTSIDE}/24", "world", "eth0", f"{WORLD}/24")
        self.runs("box", IP, "route", "add", "default", "via", WORLD)
        self.runs("box", IP, "link", "add", radio, "type", "bridge")
        self.runs("box", IP, "address", "add", "10.42.0.1/24", "dev", radio)
        self.runs("box", IP, "link", "set", radio, "up")
        for phone, address in zip(("one", "two"), PHONES, strict=True):
            self._wire("box", phone, "", phone, "wlan0", f"{address}/24")
            self.runs("box", IP, "link", "set", phone, "master", radio)
            self.runs("box", "bridge", "link", "set", "dev", phone, "isolated", "on")
            self.runs(phone, IP, "route", "add", "default", "via", "10.42.0.1")

    def close(self) -> None:
        for name in ("box", "world", "one", "two"):
            subprocess.run([IP, "netns", "delete", self.name(name)], check=False)

    def name(self, one: str) -> str:
        return f"{self._mark}-{one}"

    def runs(self, where: str, *command: str | Path) -> str:
        """Run a program in a namespace to its end."""
        return _do(IP, "netns", "exec", self.name(where), *command)

    def tries(self, where: str, *command: str | Path) -> bool:
        """Tell whether a program ends well there."""
        inside = [IP, "netns", "exec", self.name(where), *command]
        return subprocess.run(inside, capture_output=True, check=False, timeout=60).returncode == 0

    @contextlib.contextmanager
    def running(self, where: str, *command: str | Path, **options: object) -> Iterator[subprocess.Popen[bytes]]:
        """A program that runs there in the meantime."""
        inside = [IP, "netns", "exec", self.name(where), *command]
        with subprocess.Popen(inside, **options) as process:  # type: ignore[call-overload]
            try:
                yield process
            finally:
                process.terminate()

    def hears(self, where: str, address: str, port: int, *, kind: str = "tcp") -> str:
        """What a connection ends in: "open", or the name of the error; never waits longer than two seconds."""
        return self.runs(where, sys.executable, "-c", _KNOCK, address, str(port), kind).strip()

    def asks_name(self, where: str, name: str) -> str:
        """The address of a name, or what the box's DNS says in its place."""
        return self.runs(where, sys.executable, "-c", _ASK, name).strip()

    def asks_time(self, where: str) -> str:
        """The stratum of the box's clock, as it is told to a phone, or the name of the error."""
        return self.runs(where, sys.executable, "-c", _ASK_TIME).strip()

    def _wire(self, near: str, near_name: str, near_address: str, far: str, far_name: str, far_address: str) -> None:
        ends = ("peer", "name", far_name, "netns", self.name(far))
        self.runs(near, IP, "link", "add", near_name, "type", "veth", *ends)
        for where, name, address in ((near, near_name, near_address), (far, far_name, far_address)):
            if address:
                self.runs(where, IP, "address", "add", address, "dev", name)
            self.runs(where, IP, "link", "set", name, "up")


@contextlib.contextmanager
def served(field: Field, where: str, *ports: int) -> Iterator[None]:
    """Something that answers on these ports of everything, in a namespace."""
    with field.running(where, sys.executable, "-c", _SERVE, *map(str, ports), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield


def until(happens: Callable[[], bool]) -> None:
    """Wait for what another program does."""
    for _ in range(TRIES):
        if happens():
            return
        threading.Event().wait(0.02)
    raise AssertionError("it never happened")


def _do(*command: str | Path) -> str:
    done = subprocess.run(_texts(command), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def _texts(command: Sequence[str | Path]) -> list[str]:
    return [str(word) for word in command]


_KNOCK = """
import socket, sys
address, port, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
s.settimeout(2)
try:
    s.connect((address, port))
    if kind == "udp":
        s.send(b"?")
        s.recv(10)
    print("open")
except OSError as error:
    print(type(error).__name__)
"""
_ASK = """
import socket, struct, sys
name = sys.argv[1]
asked = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
question = struct.pack(">HHHHHH", 1, 256, 1, 0, 0, 0) + asked + b"\\0" + struct.pack(">HH", 1, 1)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(5)
s.sendto(question, ("10.42.0.1", 53))
said = s.recv(512)
count = struct.unpack(">H", said[6:8])[0]
print(".".join(map(str, said[-4:])) if count else {0: "nothing", 3: "no such name"}.get(said[3] & 15, said[3] & 15))
"""
_ASK_TIME = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(2)
try:
    s.connect(("10.42.0.1", 123))
    s.send(b"\\x23" + bytes(47))
    print(s.recv(48)[1])
except OSError as error:
    print(type(error).__name__)
"""
_SERVE = """
import selectors, socket, sys
chosen = selectors.DefaultSelector()
for port in map(int, sys.argv[1:]):
    s = socket.create_server(("", port))
    chosen.register(s, selectors.EVENT_READ)
print("ready", flush=True)
while True:
    for key, _ in chosen.select():
        connection, _ = key.fileobj.accept()
        connection.sendall(b"here")
        connection.close()
"""
