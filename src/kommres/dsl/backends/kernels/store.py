"""The folder of compiled kernels: machine code by key, private to its user, bounded, free to be deleted at any time.

An entry is worth nothing but time: whatever is wrong with it or with the folder, the kernel is compiled again.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import tempfile
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Environment variable: the folder of compiled kernels; empty or ``off`` for none.
VARIABLE: Final = "KOMMRES_CACHE"

_SUFFIX: Final = ".kernel"
_UNFINISHED: Final = ".part"
_MAGIC: Final = b"kommres kernel 1\n"
_DIGEST: Final = hashlib.sha256().digest_size


class KernelWarning(UserWarning):
    """Kernels work, but cost more time than they should."""


@frozen(kw_only=True)
class Limits:
    """When entries are removed, those that were not used for longest first."""

    entries: int = 500
    size: int = 200 * 1024 * 1024
    #: Entries used within so many seconds stay whatever the limits.
    fresh: float = 600.0


@frozen(kw_only=True)
class Entry:
    """A kernel in the folder. ``size`` in bytes, ``used`` in seconds since 1970."""

    path: Path
    size: int
    used: float


@frozen
class Store:
    """A folder of compiled kernels. Nothing here raises for what is wrong with the folder."""

    folder: Path
    limits: Limits = field(factory=Limits, kw_only=True)

    def read(self, key: str) -> bytes | None:
        """Return machine code, or None if there is none that can be trusted."""
        if self._refused() is not None:
            return None
        path = self._path(key)
        try:
            handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
            with open(handle, "rb") as file:  # noqa: PTH123 - a handle
                if _strange(os.fstat(handle)) is not None:
                    return None
                content = file.read()
        except OSError:
            return None
        code = _opened(content, key)
        if code is not None:
            with suppress(OSError):
                os.utime(path)
        return code

    def write(self, key: str, code: bytes, about: Mapping[str, object]) -> None:
        """Keep machine code; one warning a process if that is impossible."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            why = self._refused()
            if why is None:
                self._put(key, _sealed(key, code, about))
        except OSError as error:
            why = error.strerror or type(error).__name__
        if why is not None:
            complain(f"{self.folder}: {why}")
            return
        self.trim(keep=key)

    def entries(self) -> list[Entry]:
        """Return what is in the folder, the one used last first."""
        found = [Entry(path=Path(each.path), size=facts.st_size, used=facts.st_mtime) for each, facts in self._files()]
        return sorted((entry for entry in found if entry.path.suffix == _SUFFIX), key=lambda entry: -entry.used)

    def trim(self, *, keep: str = "") -> None:
        """Remove entries beyond the limits, and what killed processes left behind."""
        now = time.time()
        size = 0
        for count, entry in enumerate(self.entries(), 1):
            size += entry.size
            over = count > self.limits.entries or size > self.limits.size
            if over and entry.path.stem != keep and now - entry.used > self.limits.fresh:
                with suppress(OSError):
                    entry.path.unlink()
        for each, facts in self._files():
            if each.name.endswith(_UNFINISHED) and now - facts.st_mtime > max(self.limits.fresh, 3600):
                with suppress(OSError):
                    Path(each.path).unlink()

    def clear(self) -> int:
        """Remove all kernels; return how many there were. Running processes keep what they have loaded."""
        removed = 0
        for each, _ in self._files():
            if each.name.endswith((_SUFFIX, _UNFINISHED)):
                with suppress(OSError):
                    Path(each.path).unlink()
                    removed += each.name.endswith(_SUFFIX)
        return removed

    def _path(self, key: str) -> Path:
        return self.folder / (key + _SUFFIX)

    def _files(self) -> Iterator[tuple[os.DirEntry[str], os.stat_result]]:
        with suppress(OSError), os.scandir(self.folder) as found:
            for each in found:
                with suppress(OSError):
                    if each.is_file(follow_symlinks=False):
                        yield each, each.stat(follow_symlinks=False)

    def _refused(self) -> str | None:
        """Say why what lies in the folder cannot be trusted."""
        try:
            facts = self.folder.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            return error.strerror or type(error).__name__
        return _strange(facts, folder=True)

    def _put(self, key: str, content: bytes) -> None:
        # Another process sees either nothing or the whole entry; the last of several writers wins with an equal one.
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=key[:16], suffix=_UNFINISHED)
        part = Path(name)
        try:
            with open(handle, "wb") as file:  # noqa: PTH123 - a handle
                file.write(content)
            part.replace(self._path(key))
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise


def default_store() -> Store | None:
    """Return the store that the environment names, else the one in the user's cache folder; None for none."""
    named = os.environ.get(VARIABLE)
    if named is not None:
        if named.strip().lower() in {"", "off"}:
            return None
        path = Path(named).expanduser()
        if path.is_absolute():
            return Store(path)
        complain(f"{VARIABLE}={named} is no absolute path")
        return None
    home = _user_cache()
    if home is None:
        complain("this user has no home folder")
        return None
    return Store(home / "kommres" / "kernels")


def _user_cache() -> Path | None:
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local) if local else None
    named = os.environ.get("XDG_CACHE_HOME", "")
    if sys.platform != "darwin" and Path(named).is_absolute():
        return Path(named)
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return home / "Library" / "Caches" if sys.platform == "darwin" else home / ".cache"


def _strange(facts: os.stat_result, *, folder: bool = False) -> str | None:
    """Say why others could have put there what is there: machine code is run as it stands."""
    if not (stat.S_ISDIR if folder else stat.S_ISREG)(facts.st_mode):
        return "it is no folder" if folder else "it is no file"
    if not hasattr(os, "geteuid"):
        return None
    if facts.st_uid not in {os.geteuid(), 0}:
        return "it belongs to another user"
    if facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "other users may write there"
    return None


def _sealed(key: str, code: bytes, about: Mapping[str, object]) -> bytes:
    head = json.dumps({"key": key, **about}).encode()
    body = len(head).to_bytes(4, "big") + head + code
    return _MAGIC + hashlib.sha256(body).digest() + body


def _opened(content: bytes, key: str) -> bytes | None:
    """Return the code of an entry, or None if it is not whole or not the one asked for."""
    start = len(_MAGIC) + _DIGEST
    body = content[start:]
    if not content.startswith(_MAGIC) or hashlib.sha256(body).digest() != content[len(_MAGIC) : start]:
        return None
    size = int.from_bytes(body[:4], "big")
    try:
        head = json.loads(body[4 : 4 + size])
    except ValueError:
        return None
    return body[4 + size :] if isinstance(head, dict) and head.get("key") == key else None


_complained: set[str] = set()


def complain(why: str, *, todo: str = f"set {VARIABLE} to a folder that only this user may write, or to 'off'") -> None:
    """Warn, once a process for each reason, that kernels are compiled anew in every process."""
    if why in _complained:
        return
    _complained.add(why)
    warnings.warn(
        f"compiled kernels are not kept for later runs: {why}. What to do: {todo}.", KernelWarning, stacklevel=2
    )
