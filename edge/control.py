"""The control socket: commands ask the process that holds the box.

* A request is one line of JSON, {"do": "status", ...}; the answer is lines of JSON: any number of {"progress": ...},
  then one {"result": ...} or {"fault": ...}. Then the connection closes.
* Whoever may enter the data folder may ask; nobody else reaches the socket, and it listens on no network.
* The socket is `control.sock` in the data folder. It is named through /proc/self/fd, so that a folder's long path
  never meets the 108 bytes that a socket's name may have.
"""

import contextlib
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from catalog.fault import BoxFault, CallerFault, ContentFault, Fault, LinkFault

FILE = "control.sock"
LINE_BYTES_MAX = 1 << 20
CONNECTIONS_MAX = 8
WAIT_SECONDS_MAX = 10
"""For a command to say what it wants; the work itself may take all night."""

Listener = Callable[[Mapping[str, Any]], None]
Work = Callable[[Mapping[str, Any], Listener], Mapping[str, Any]]
"""Takes the request and someone to tell of progress; returns the result or raises a Fault."""


class Control:
    """Answers commands on the socket, each connection in a thread of its own, a handful at a time."""

    def __init__(self, data: Path, works: Mapping[str, Work]) -> None:
        self._data = data
        self._works = works
        self._places = threading.BoundedSemaphore(CONNECTIONS_MAX)
        self._socket: socket.socket | None = None

    def start(self) -> None:
        """Listen. The box's lock is held, so a socket that is there already was left by a process that died."""
        (self._data / FILE).unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with _short_name(self._data) as name:
            self._socket.bind(name)
        (self._data / FILE).chmod(0o600)
        self._socket.listen(CONNECTIONS_MAX)
        threading.Thread(target=self._accept, args=(self._socket,), name="control", daemon=True).start()

    def close(self) -> None:
        """Listen no more; work that is under way ends with its process."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
            (self._data / FILE).unlink(missing_ok=True)

    def _accept(self, listening: socket.socket) -> None:
        while True:
            self._places.acquire()
            try:
                connection, _ = listening.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._serve, args=(connection,), name="control-answer", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.settimeout(WAIT_SECONDS_MAX)
            with contextlib.suppress(OSError), connection, connection.makefile("rwb") as file:
                line = file.readline(LINE_BYTES_MAX)
                connection.settimeout(None)

                def say(message: Mapping[str, Any]) -> None:
                    # A command that was stopped misses what we say; the work goes on without it.
                    with contextlib.suppress(OSError, ValueError):
                        file.write(json.dumps(message).encode() + b"\n")
                        file.flush()

                try:
                    say(answer(self._works, line, lambda progress: say({"progress": progress})))
                except Exception as error:
                    say({"fault": _fault_document(BoxFault(f"The box failed: {error!r}.", "Look at its output."))})
                    raise
        finally:
            self._places.release()


def answer(works: Mapping[str, Work], line: bytes, listener: Listener) -> Mapping[str, Any]:
    """Do what the line asks; says the result, or the fault in words."""
    try:
        request = json.loads(line)
        work = works[request["do"]]
    except (ValueError, KeyError, TypeError):
        fault = CallerFault("The running box does not know this request.", "Use the qanat of the same version.")
        return {"fault": _fault_document(fault)}
    try:
        return {"result": dict(work(request, listener))}
    except Fault as fault:
        return {"fault": _fault_document(fault)}


def ask(data: Path, request: Mapping[str, Any], listener: Listener) -> Mapping[str, Any] | None:
    """Ask the process that holds this box; None where none is running.

    Raises the Fault that it answers, or BoxFault where it stops before it has answered.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            with _short_name(data) as name:
                connection.connect(name)
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
            return None
        except OSError as error:
            raise CallerFault(
                f"The box in {data} cannot be asked: {error.strerror}.", "Use its owner's account."
            ) from error
        with connection.makefile("rwb") as file:
            file.write(json.dumps(request).encode() + b"\n")
            file.flush()
            for message in _messages(file):
                if "progress" in message:
                    listener(message["progress"])
                elif "fault" in message:
                    raise _fault(message["fault"])
                else:
                    result: Mapping[str, Any] = message["result"]
                    return result
    raise BoxFault("The box stopped before it had answered.", "Start it again; the work goes on where it was.")


def _messages(file: Any) -> Iterator[Mapping[str, Any]]:
    try:
        while line := file.readline(LINE_BYTES_MAX):
            yield json.loads(line)
    except (OSError, ValueError):
        return


@contextlib.contextmanager
def _short_name(data: Path) -> Iterator[str]:
    folder = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{FILE}"
    finally:
        os.close(folder)


def _fault_document(fault: Fault) -> Mapping[str, Any]:
    return {"sentence": fault.sentence, "hint": fault.hint, "exit_code": fault.exit_code}


def _fault(document: Mapping[str, Any]) -> Fault:
    classes = {one.exit_code: one for one in (CallerFault, ContentFault, BoxFault, LinkFault)}
    return classes.get(document["exit_code"], Fault)(document["sentence"], document["hint"])
