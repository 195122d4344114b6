"""The public conformance suite of xAPI, run against a box that serves: `make conformance SUITE=DIR`.

* The suite is not ours and is not kept here: clone adlnet/lrs-conformance-test-suite at 2ec25f2 and `npm install
  --ignore-scripts` in it; node runs it. DIR is the clone.
* Each version has a box of its own, on free ports of the loopback, and a key of its own. The last line is JSON.
* What the suite itself writes in `logs/` is read and left there.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.processes import first_page, qanat, running
from tests.ports import free_ports

VERSIONS = ("1.0.3", "2.0.0")
SECONDS_MAX = 1_200


@contextmanager
def store(folder: Path) -> Iterator[dict[str, str]]:
    """A box that serves; gives the endpoint, key and secret that a tool gets."""
    port, content_port = free_ports(20)[:2]
    data = folder / "box"
    words = ["--data", str(data), "--host", "127.0.0.1", "--port", str(port), "--content-port", str(content_port)]
    with running(qanat("box", "serve", *words), folder / "box.log") as process:
        first_page(f"http://127.0.0.1:{port}/xapi/about", process)
        made = subprocess.run(
            qanat("box", "lrs-key", "new", "--data", str(data), "--json"), capture_output=True, check=True
        )
        yield json.loads(made.stdout)


def run(suite: Path, version: str) -> dict[str, Any]:
    """What the suite says of one version: how many cases there are, how many passed, and which did not."""
    before = set((suite / "logs").glob("*.log"))
    with TemporaryDirectory(prefix="qanat-conformance-") as folder, store(Path(folder)) as made:
        command = [
            "node",
            "bin/console_runner.js",
            "-e",
            made["endpoint"],
            "-a",
            "-u",
            made["key"],
            "-p",
            made["secret"],
        ]
        subprocess.run(
            [*command, "-x", version], cwd=suite, stdout=subprocess.DEVNULL, timeout=SECONDS_MAX, check=False
        )
    (log,) = set((suite / "logs").glob("*.log")) - before
    told = json.loads(log.read_bytes())
    return {**told["summary"], "failing": list(_failing(told["log"]))}


def _failing(node: dict[str, Any]) -> Iterator[str]:
    inner = node.get("tests") or []
    if not inner and node.get("status") == "failed":
        yield str(node.get("title"))
    for one in inner:
        yield from _failing(one)


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the conformance suite of xAPI against a box.")
    parser.add_argument("suite", type=Path, help="the clone of the suite, installed")
    suite = parser.parse_args().suite.resolve()
    if not (suite / "node_modules").is_dir():
        parser.error(f"{suite} is no installed clone: run `npm install --ignore-scripts` in it")
    (suite / "logs").mkdir(exist_ok=True)
    found = {version: run(suite, version) for version in VERSIONS}
    for version, said in found.items():
        print(f"{version}: {said['passed']} of {said['total']}", *said["failing"], sep="\n  ")
    print(json.dumps(found))
    return 0 if all(said["passed"] == said["total"] > 0 for said in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
