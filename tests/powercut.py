"""Modelled power cuts: what a disk may look like after the power failed, for files and databases together.

A program runs, unchanged, under strace. Its system calls rebuild the file system as a model of what was promised:

* bytes last after fsync of their file, names after fsync of their folder, everything after syncfs; nothing else lasts;
* what was not promised may be there, missing or torn: any 512-byte sector of a pending write, any pending name;
* a rename is one step, and never loses both names.

`Trace.cuts` cuts the power at many places and writes out each disk, with the lines that the program had said by then.
Shared memory (`-shm`) does not outlive a cut. A cut is drawn from a seed, so a failing one can be seen again.
"""

import copy
import random
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SECTOR_BYTES = 512
STRING_BYTES_MAX = 1 << 24
SYSTEM_CALLS = (
    "open,openat,creat,write,pwrite64,writev,pwritev,truncate,ftruncate,fallocate,fsync,fdatasync,sync,syncfs,"
    "rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,lseek,copy_file_range,sendfile"
)

_CALL = re.compile(r"^(?P<thread>\d+) +(?P<name>\w+)\((?P<words>.*)\)\s+= (?P<result>-?\d+)")
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"(?:\.\.\.)?|[^,\s][^,]*')
_HANDLE = re.compile(r"(?P<number>-?\d+|AT_FDCWD)<(?P<path>[^>]*)>")


@dataclass(eq=False)
class Inode:
    """A file or folder: what lasts, and what was only asked for."""

    is_folder: bool
    lasting: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes] | int] = field(default_factory=list)
    """Writes (offset, bytes) and new lengths, in order."""
    names: dict[str, "Inode"] = field(default_factory=dict)
    lasting_names: dict[str, "Inode"] = field(default_factory=dict)


Change = tuple[int, bytes] | int
"""Bytes written at an offset, or a new length."""

Naming = tuple[tuple[Inode, str, Inode | None], ...]
"""One step: in these folders, these names now lead to these inodes, or nowhere."""


@dataclass(frozen=True)
class Call:
    name: str
    words: Sequence[str]
    result: int


@dataclass(frozen=True)
class Cut:
    """The power failed: before which call, how kindly, and what the program had said by then."""

    at: int
    manner: str
    seed: int
    said: Sequence[str]
    disk: Path


class Trace:
    """The system calls of one run of `command` on the folder `data`; what lies there as it begins is lasting.

    That may be what an earlier cut left: then the power fails a second time, while a start mends the first.
    """

    def __init__(self, command: Sequence[str], data: Path, trace: Path) -> None:
        self._begin = Model(str(data))
        self._begin.find(data)
        watched = ["strace", "-f", "-y", "-xx", "-s", str(STRING_BYTES_MAX), "-e", f"trace={SYSTEM_CALLS}"]
        subprocess.run([*watched, "-o", str(trace), *command], check=True, capture_output=True, text=True)
        with trace.open() as lines:
            self.calls = [call for line in lines if (call := _call(line)) is not None]

    def cuts(self, count: int, seed: int, folder: Path) -> Iterator[Cut]:
        """Cut the power `count` times; each disk is written to a new folder in `folder`."""
        chance = random.Random(seed)
        places = sorted(chance.randrange(1, len(self.calls) + 1) for _ in range(count))
        model = copy.deepcopy(self._begin)
        done = 0
        for number, at in enumerate(places):
            for call in self.calls[done:at]:
                model.apply(call)
            done = at
            manner = chance.choice(["kept", "lost", "torn", "torn in order"])
            disk = folder / f"cut-{number}"
            disk.mkdir()
            model.write_out(disk, manner, random.Random(seed * 1_000_003 + number))
            yield Cut(at, manner, seed, tuple(model.said), disk)


class Model:
    """The file system under `data`, call by call."""

    def __init__(self, data: str) -> None:
        self._data = data
        self._root = Inode(is_folder=True)
        self._everything: list[Inode] = [self._root]
        self._pending_names: list[Naming] = []
        self._positions: dict[str, int] = {}
        self.said: list[str] = []
        self._line = b""

    def find(self, data: Path) -> None:
        """Begin with what lies in the folder, hard links as such: all of it lasts."""
        found: dict[int, Inode] = {}

        def take(place: Path, folder: Inode) -> None:
            for path in sorted(place.iterdir()):
                number = path.stat().st_ino
                if number not in found:
                    found[number] = self._new(is_folder=path.is_dir())
                    found[number].lasting = bytearray() if path.is_dir() else bytearray(path.read_bytes())
                folder.names[path.name] = folder.lasting_names[path.name] = found[number]
                if path.is_dir():
                    take(path, found[number])

        take(data, self._root)

    def apply(self, call: Call) -> None:
        """Take one successful call into the model."""
        words = call.words
        match call.name:
            case "open" | "creat" | "openat":
                self._open(call)
            case "write":
                self._write_on(call)
            case "pwrite64":
                self._write(words[0], int(words[3]), _bytes(words[1])[: call.result])
            case "lseek":
                self._positions[_number(words[0])] = call.result
            case "ftruncate":
                self._resize(_path(words[0]), int(words[1]))
            case "fallocate" if words[1] == "0":
                self._grow(_path(words[0]), int(words[2]) + int(words[3]))
            case "fsync" | "fdatasync":
                self._sync(_path(words[0]))
            case "sync" | "syncfs":
                self._sync_all()
            case "rename" | "renameat" | "renameat2":
                self._rename(*_two_paths(call))
            case "link" | "linkat":
                self._link(*_two_paths(call))
            case "unlink" | "unlinkat" | "rmdir":
                self._name(_one_path(call), None)
            case "mkdir" | "mkdirat":
                self._name(_one_path(call), self._new(is_folder=True))
            case "fallocate":
                pass
            case _:
                touched = [word for word in words if self._inside(_path(word)) is not None]
                assert not touched, f"the model does not know {call.name}"

    def write_out(self, disk: Path, manner: str, chance: random.Random) -> None:
        """Write the disk as it may be found: what lasts, and of the rest what `manner` and `chance` leave."""
        names = {inode: dict(inode.lasting_names) for inode in self._everything if inode.is_folder}
        for naming in _survivors(self._pending_names, manner, chance):
            for folder, name, inode in naming:
                names[folder].pop(name, None)
                if inode is not None:
                    names[folder][name] = inode
        written: dict[Inode, Path] = {}

        def write(folder: Inode, place: Path) -> None:
            for name, inode in sorted(names[folder].items()):
                target = place / name
                if inode.is_folder:
                    target.mkdir()
                    write(inode, target)
                elif inode in written:
                    target.hardlink_to(written[inode])
                elif not name.endswith("-shm"):
                    target.write_bytes(_contents(inode, manner, chance))
                    written[inode] = target

        write(self._root, disk)

    def _open(self, call: Call) -> None:
        words = call.words
        path = _one_path(call)
        flags = "O_CREAT|O_TRUNC" if call.name == "creat" else words[2 if call.name == "openat" else 1]
        self._positions[str(call.result)] = 0
        parts = self._inside(path)
        if not parts:
            return
        folder, name = self._parent(path)
        if name not in folder.names and "O_CREAT" in flags:
            self._name(path, self._new(is_folder=False))
        elif "O_TRUNC" in flags:
            folder.names[name].pending.append(0)

    def _write_on(self, call: Call) -> None:
        handle, data = call.words[0], _bytes(call.words[1])[: call.result]
        number = _number(handle)
        if number == "1":
            *lines, self._line = (self._line + data).split(b"\n")
            self.said += [line.decode() for line in lines]
            return
        position = self._positions.get(number, 0)
        self._write(handle, position, data)
        self._positions[number] = position + len(data)

    def _write(self, handle: str, offset: int, data: bytes) -> None:
        inode = self._find(_path(handle))
        if inode is not None:
            inode.pending.append((offset, data))

    def _resize(self, path: str, size_bytes: int) -> None:
        inode = self._find(path)
        if inode is not None:
            inode.pending.append(size_bytes)

    def _grow(self, path: str, size_bytes: int) -> None:
        inode = self._find(path)
        if inode is not None:
            self._resize(path, max(size_bytes, len(_applied(inode.lasting, inode.pending))))

    def _rename(self, source: str, target: str) -> None:
        if self._inside(source) is None and self._inside(target) is None:
            return
        inode = self._find(source)
        assert inode is not None, f"{source} is renamed from elsewhere"
        self._step((*self._at(source, None), *self._at(target, inode)))

    def _link(self, source: str, target: str) -> None:
        if self._inside(target) is not None:
            self._name(target, self._find(source))

    def _name(self, path: str, inode: Inode | None) -> None:
        if self._inside(path):
            self._step(self._at(path, inode))

    def _at(self, path: str, inode: Inode | None) -> Naming:
        return ((*self._parent(path), inode),)

    def _step(self, naming: Naming) -> None:
        for folder, name, inode in naming:
            folder.names.pop(name, None)
            if inode is not None:
                folder.names[name] = inode
        self._pending_names.append(naming)

    def _sync(self, path: str) -> None:
        inode = self._find(path)
        if inode is None:
            return
        _settle(inode)
        if inode.is_folder:
            settled = [naming for naming in self._pending_names if any(folder is inode for folder, _, _ in naming)]
            self._settle_names(settled)

    def _sync_all(self) -> None:
        for inode in self._everything:
            _settle(inode)
        self._settle_names(list(self._pending_names))

    def _settle_names(self, settled: list[Naming]) -> None:
        for naming in settled:
            for folder, name, inode in naming:
                folder.lasting_names.pop(name, None)
                if inode is not None:
                    folder.lasting_names[name] = inode
        marks = {id(naming) for naming in settled}
        self._pending_names = [naming for naming in self._pending_names if id(naming) not in marks]

    def _new(self, *, is_folder: bool) -> Inode:
        inode = Inode(is_folder)
        self._everything.append(inode)
        return inode

    def _inside(self, path: str) -> list[str] | None:
        """The parts of a path under `data`, or None for one elsewhere."""
        if path == self._data:
            return []
        return path[len(self._data) + 1 :].split("/") if path.startswith(f"{self._data}/") else None

    def _find(self, path: str) -> Inode | None:
        parts = self._inside(path)
        if parts is None:
            return None
        inode = self._root
        for part in parts:
            if part not in inode.names:
                return None
            inode = inode.names[part]
        return inode

    def _parent(self, path: str) -> tuple[Inode, str]:
        parent, _, name = path.rpartition("/")
        folder = self._find(parent)
        assert folder is not None, f"no folder for {path}"
        return folder, name


def _survivors(pending: Sequence[Naming], manner: str, chance: random.Random) -> Sequence[Naming]:
    match manner:
        case "kept":
            return pending
        case "lost":
            return []
        case "torn in order":
            return pending[: chance.randint(0, len(pending))]
        case _:
            return [naming for naming in pending if chance.random() < 0.5]


def _contents(inode: Inode, manner: str, chance: random.Random) -> bytes:
    match manner:
        case "kept":
            return bytes(_applied(inode.lasting, inode.pending))
        case "lost":
            return bytes(inode.lasting)
        case _:
            return bytes(_applied(inode.lasting, _torn(inode.pending, chance)))


def _torn(pending: Sequence[Change], chance: random.Random) -> Iterator[Change]:
    for change in pending:
        if isinstance(change, int):
            if chance.random() < 0.5:
                yield change
            continue
        offset, data = change
        start = 0
        while start < len(data):
            end = min(len(data), start + SECTOR_BYTES - (offset + start) % SECTOR_BYTES)
            if chance.random() < 0.5:
                yield offset + start, data[start:end]
            start = end


def _applied(lasting: bytearray, changes: Iterable[Change]) -> bytearray:
    contents = bytearray(lasting)
    for change in changes:
        if isinstance(change, int):
            del contents[change:]
            contents.extend(bytes(change - len(contents)))
        else:
            offset, data = change
            contents.extend(bytes(max(0, offset - len(contents))))
            contents[offset : offset + len(data)] = data
    return contents


def _settle(inode: Inode) -> None:
    inode.lasting = _applied(inode.lasting, inode.pending)
    inode.pending = []


def _call(line: str) -> Call | None:
    """A successful call from a line of the trace."""
    assert "<unfinished" not in line, "the program must have one thread"
    found = _CALL.match(line)
    if found is None or int(found["result"]) < 0:
        return None
    return Call(found["name"], [word.strip() for word in _WORD.findall(found["words"])], int(found["result"]))


def _bytes(word: str) -> bytes:
    assert word.endswith('"'), "strace cut a string short"
    return bytes.fromhex(word.strip('"').replace("\\x", ""))


def _number(handle: str) -> str:
    found = _HANDLE.match(handle)
    return found["number"] if found else ""


def _path(handle: str) -> str:
    found = _HANDLE.match(handle)
    return bytes.fromhex(found["path"].replace("\\x", "")).decode() if found and found["path"].startswith("\\x") else ""


def _joined(folder: str, word: str) -> str:
    path = _bytes(word).decode()
    return path if path.startswith("/") else f"{folder}/{path}"


def _one_path(call: Call) -> str:
    if call.name.endswith("at"):
        return _joined(_path(call.words[0]), call.words[1])
    return _joined("", call.words[0])


def _two_paths(call: Call) -> tuple[str, str]:
    words = call.words
    if "at" in call.name:
        return _joined(_path(words[0]), words[1]), _joined(_path(words[2]), words[3])
    return _joined("", words[0]), _joined("", words[1])
