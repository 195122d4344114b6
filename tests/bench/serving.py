"""Serving: our front beside real nginx, and beside nginx with gunicorn, in the same run.

Three measures: a course's asset for 32 clients; pages for 30 learners while 300 others watch video at 1 Mbit/s;
and the same with a cold cache and the server's disk throttled to 20 MB/s (the cgroup's block limits; needs root).
Servers share one core and the load has another; rounds take turns, the medians are shown. nginx reads videos in
threads (`aio threads`), without which it answers nobody while the disk is slow.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.processes import ROOT, cpu_seconds, running
from tests.bench.table import Row, show
from tests.ports import free_ports

ROUNDS = int(os.environ.get("ROUNDS", "3"))
ASSET_BYTES = 8_192
VIDEO_BYTES = 1 << 30
VIDEO_READERS = 300
READER_BYTES_PER_SECOND = 125_000
LEARNERS = 30
THINK_SECONDS = 0.5
ASSET_CLIENTS = 32
ASSET_SECONDS = 3
RUN_SECONDS = 6.0
DISK_BYTES_PER_SECOND = 20 << 20
TOKEN = "0" * 32
IMAGE_SITE = ROOT / "provisioning" / "nginx.conf"
CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers."""

    port: int
    pid: int


@dataclass(frozen=True, slots=True)
class Rate:
    """Answers for each second that passed, and for each second of CPU."""

    second: float
    cpu_second: float


def rows(folder: Path) -> Iterator[Row]:
    data = folder / "data"
    _make_data(data)
    gunicorn = _gunicorn(folder)
    yield from asset_rows(folder, data)
    if gunicorn is None:
        yield Row("pages beside 300 video readers", "gunicorn: not to be had here", "-", "-", None)
        return
    yield from page_rows("pages, 300 video readers", folder, data, gunicorn, None)
    disk = throttle()
    if disk is None:
        yield Row("the same, cold, disk at 20 MB/s", "no block limits here (root, cgroups)", "-", "-", None)
    else:
        try:
            yield from page_rows("pages, cold, disk at 20 MB/s", folder, data, gunicorn, disk)
        finally:
            disk.rmdir()


def asset_rows(folder: Path, data: Path) -> Iterator[Row]:
    """One small asset, asked for by 32 clients (wrk) as fast as they can: by the second, and by the server's CPU."""
    rates: dict[str, list[Rate]] = {"nginx": [], "here": [], "here, behind nginx": []}
    for _ in range(ROUNDS):
        with nginx(folder, data, None) as peer_server:
            rates["nginx"].append(_asked(peer_server, "/data/asset.js"))
        with front(folder, data, None) as server:
            rates["here"].append(_asked(Server(server.port + 1, server.pid), "/launch/asset.js"))
            with image_nginx(folder, data, server.port) as outer:
                rates["here, behind nginx"].append(_asked(outer, f"/{TOKEN}/asset.js"))
    for name, bar in (("here", 0.15), ("here, behind nginx", 0.9)):
        for unit in ("second", "cpu_second"):
            theirs, ours = ([getattr(rate, unit) for rate in rates[one]] for one in ("nginx", name))
            ratio = statistics.median(our / their for our, their in zip(ours, theirs, strict=True))
            shown = f"{statistics.median(ours):.0f}, {ratio:.2f} of nginx"
            measure = f"asset of 8 KB, 32 clients, each {unit.replace('_', ' ')} ({name})"
            yield Row(measure, f"{statistics.median(theirs):.0f}", shown, f">= {bar}", ratio >= bar, ratio)


def page_rows(title: str, folder: Path, data: Path, gunicorn: Path, disk: Path | None) -> Iterator[Row]:
    """Pages for those who learn, while others watch."""
    theirs, ours = [], []
    for _ in range(ROUNDS):
        with application(folder, data, gunicorn, disk) as server:
            theirs.append(_browsed(server.port, data, is_cold=disk is not None))
        with front(folder, data, disk) as server:
            ours.append(_browsed(server.port, data, is_cold=disk is not None))
    peer, here = (statistics.median(run["p95_ms"] for run in runs) for runs in (theirs, ours))
    ratio = here / peer
    yield Row(f"{title}: p95", f"{peer:.0f} ms", f"{here:.0f} ms, x {ratio:.2f}", "<= x 2", ratio <= 2, ratio)
    lost = [sum(run["unanswered"] + run["failures"] for run in runs) for runs in (theirs, ours)]
    yield Row(f"{title}: unanswered", f"{lost[0]:.0f}", f"{lost[1]:.0f}", "0", lost[1] == 0, lost[1])
    flow = [statistics.median(run["megabytes_per_second"] for run in runs) for runs in (theirs, ours)]
    shown = f"{flow[1]:.1f} MB/s"
    yield Row(f"{title}: video", f"{flow[0]:.1f} MB/s", shown, "as much (0.95)", flow[1] >= 0.95 * flow[0], flow[1])


def throttle() -> Path | None:
    """A control group whose reads from the data's disk are throttled; None where there is none to be had."""
    device = Path(tempfile.gettempdir()).stat().st_dev
    name = f"qanat-bench-{os.getpid()}"
    for parent, file, line in (
        (CGROUPS / "blkio", "blkio.throttle.read_bps_device", "{}:{} {}"),
        (CGROUPS, "io.max", "{}:{} rbps={}"),
    ):
        group = parent / name
        try:
            group.mkdir()
            (group / file).write_text(line.format(os.major(device), os.minor(device), DISK_BYTES_PER_SECOND))
        except OSError:
            if group.is_dir():
                group.rmdir()
            continue
        return group
    return None


@contextmanager
def front(folder: Path, data: Path, disk: Path | None) -> Iterator[Server]:
    """Our front, with the application on its port and the course on the next."""
    port = free_ports(2)[0]
    command = [sys.executable, "-m", "tests.bench.serving_app", str(port)]
    with running(_on_core(0, command, disk), folder / "front.log", DATA=str(data)) as process:
        _answers(port)
        yield Server(port, process.pid)


@contextmanager
def nginx(folder: Path, data: Path, app: int | Path | None, disk: Path | None = None) -> Iterator[Server]:
    """Debian's nginx: files itself, everything else from `app` (a port, or a socket) behind it."""
    port = free_ports(1)[0]
    place = "" if app is None else f"http://unix:{app}:" if isinstance(app, Path) else f"http://127.0.0.1:{app}"
    passed = f'location / {{ proxy_pass {place}; proxy_http_version 1.1; proxy_set_header Connection ""; }}'
    settings = folder / f"nginx-{port}.conf"
    settings.write_text(
        f"""daemon off; user root; worker_processes 2; pid {folder}/nginx-{port}.pid; error_log {folder}/nginx.log crit;
        worker_rlimit_nofile 8192; events {{ worker_connections 2048; }}
        http {{ access_log off; sendfile on; tcp_nopush on; sendfile_max_chunk 512k; keepalive_requests 10000000;
        open_file_cache max=2000 inactive=60s; types {{ text/javascript js; video/mp4 mp4; }} {_scratch(folder)}
        server {{ listen 127.0.0.1:{port} backlog=1024;
        location /data/ {{ alias {data}/; }}
        location /internal/ {{ internal; aio threads; alias {data}/; }}
        {passed if place else ""} }} }}"""
    )
    with running(_on_core(0, ["nginx", "-c", str(settings)], disk), folder / "nginx.log") as process:
        _answers(port)
        yield Server(port, process.pid)


@contextmanager
def image_nginx(folder: Path, data: Path, app: int) -> Iterator[Server]:
    """The nginx of the image, as it stands before a box: `data` is a course that was launched."""
    port, pages = free_ports(2)
    launched = folder / "launches" / f"1{port}"
    launched.mkdir(parents=True, exist_ok=True)
    link = launched / TOKEN
    if not link.is_symlink():
        link.symlink_to(data)
    site = (
        IMAGE_SITE.read_text()
        .replace("/var/lib/qanat", str(folder))
        .replace("127.0.0.1:18080", f"127.0.0.1:{app}")
        .replace("listen 80 default_server", f"listen 127.0.0.1:{pages}")
        .replace("listen 8100-8115", f"listen 127.0.0.1:{port} backlog=1024")
    )
    settings = folder / f"nginx-{port}.conf"
    settings.write_text(
        f"""daemon off; user root; worker_processes 2; pid {folder}/nginx-{port}.pid; error_log {folder}/nginx.log crit;
        worker_rlimit_nofile 8192; events {{ worker_connections 2048; }}
        http {{ access_log off; keepalive_requests 10000000; {_scratch(folder)}
        {site} }}"""
    )
    with running(_on_core(0, ["nginx", "-c", str(settings)], None), folder / "nginx.log") as process:
        _answers(port)
        yield Server(port, process.pid)


@contextmanager
def application(folder: Path, data: Path, gunicorn: Path, disk: Path | None) -> Iterator[Server]:
    """The same application under gunicorn's threads, with nginx before it to send the files."""
    place = folder / "gunicorn.sock"
    options = ["--bind", f"unix:{place}", "--worker-class", "gthread", "--workers", "2", "--threads", "8"]
    command = [sys.executable, "-m", "gunicorn", *options, "--backlog", "1024", "tests.bench.serving_app:app"]
    surroundings = {"DATA": str(data), "BEHIND_NGINX": "1", "PYTHONPATH": f"{gunicorn}:{ROOT}"}
    with running(_on_core(0, command, disk), folder / "gunicorn.log", **surroundings):
        while not place.exists():
            time.sleep(0.05)
        with nginx(folder, data, place, disk) as server:
            yield server
    place.unlink(missing_ok=True)


def _scratch(folder: Path) -> str:
    """Where nginx may write."""
    return " ".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )


def _asked(server: Server, path: str) -> Rate:
    """Answers for each second, and for each second of CPU that the server and its workers took."""
    before = _cpu_seconds(server.pid)
    address = f"http://127.0.0.1:{server.port}{path}"
    command = ["wrk", "--threads", "1", "--connections", str(ASSET_CLIENTS), "--duration", f"{ASSET_SECONDS}s", address]
    told = subprocess.run(_on_core(1, command, None), capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in told, told
    assert "Socket errors" not in told, told
    answered, seconds = re.search(r"(\d+) requests in ([\d.]+)s", told).groups()  # type: ignore[union-attr]
    return Rate(int(answered) / float(seconds), int(answered) / max(0.01, _cpu_seconds(server.pid) - before))


def _cpu_seconds(pid: int) -> float:
    workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return cpu_seconds(pid) + sum(cpu_seconds(int(worker)) for worker in workers)


def _browsed(port: int, data: Path, *, is_cold: bool) -> dict[str, float]:
    """Start the readers, let them settle, then browse beside them."""
    if is_cold:
        _forget(data / "video.mp4")
    reading = (VIDEO_READERS, RUN_SECONDS + 5, READER_BYTES_PER_SECOND, VIDEO_BYTES)
    readers = subprocess.Popen(_load_command("read", port, "/video", *reading), cwd=ROOT, stdout=subprocess.PIPE)
    time.sleep(3)
    pages = _load("ask", port, "/page", LEARNERS, RUN_SECONDS, THINK_SECONDS, 0.5)
    watched, _ = readers.communicate()
    return {**pages, **json.loads(watched)}


def _load(mode: str, port: int, path: str, *numbers: float) -> dict[str, float]:
    done = subprocess.run(_load_command(mode, port, path, *numbers), cwd=ROOT, stdout=subprocess.PIPE, check=True)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def _load_command(mode: str, port: int, path: str, *numbers: float) -> list[str]:
    words = [str(number) for number in (port, path, *numbers)]
    return _on_core(1, [sys.executable, "-m", "tests.bench.load", mode, *words], None)


def _on_core(core: int, command: list[str], group: Path | None) -> list[str]:
    """Keep servers and load apart, and put a server under the disk's limit before it begins."""
    pinned = ["taskset", "--cpu-list", str(core % (os.cpu_count() or 1)), *command]
    if group is None:
        return pinned
    return ["sh", "-c", 'echo $$ > "$0/cgroup.procs"; exec "$@"', str(group), *pinned]


def _answers(port: int) -> None:
    import socket

    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                time.sleep(0.3)
                return
        time.sleep(0.05)
    raise RuntimeError(f"nobody answers on port {port}")


def make_asset(data: Path) -> None:
    """The small file that everybody asks for."""
    (data / "asset.js").write_bytes(b"let place = 0; // a line of a course's script\n" * (ASSET_BYTES // 46))


def _make_data(data: Path) -> None:
    data.mkdir()
    make_asset(data)
    with (data / "video.mp4").open("wb") as video:
        block = os.urandom(1 << 20)
        for _ in range(VIDEO_BYTES >> 20):
            video.write(block)
        video.flush()
        os.fdatasync(video.fileno())


def _forget(path: Path) -> None:
    """Have the kernel drop a file from its cache."""
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _gunicorn(folder: Path) -> Path | None:
    """gunicorn, installed aside for this run; None where the index has none."""
    target = folder / "gunicorn"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target)]
    installed = subprocess.run([*command, "gunicorn", "packaging"], check=False, capture_output=True)
    return target if installed.returncode == 0 else None


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="qanat-serving-"))
    try:
        folder.chmod(0o755)
        show("Serving (one core for the servers, one for the load)", list(rows(folder)))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
