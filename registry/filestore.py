"""Bytes on disk under their content hash: written to a temporary name, synced, renamed; outside the web root."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from django.conf import settings


def path_of(sha256: str) -> Path:
    """Where the bytes with this hash stand."""
    return settings.FILES_DIR / sha256[:2] / sha256


def keep(data: bytes) -> str:
    """Write the bytes durably; returns their SHA-256 in hex. The same bytes are kept once, a spoilt file is mended.

    Bytes that are there already count as new again: whoever sweeps what no row names must leave them for a day.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    target = path_of(sha256)
    try:
        os.utime(target)
        if target.read_bytes() == data:
            return sha256
    except FileNotFoundError:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())
    os.rename(handle.name, target)
    sync_folder(target.parent)
    return sha256


def fetch(sha256: str) -> bytes:
    """The bytes kept under this hash. Raises FileNotFoundError, which is an alarm: a row without its file."""
    return path_of(sha256).read_bytes()


def fetch_whole(sha256: str) -> bytes:
    """The same, compared with their hash. Raises FileNotFoundError, and ValueError where they are others by now."""
    data = fetch(sha256)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ValueError("the bytes are not what was kept")
    return data


def sync_folder(folder: Path) -> None:
    """Write a folder's entries to the disk: without that a power cut may take back a rename."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def drafts() -> Path:
    """Where what is being written stands, on the disk of the files: what a killed process leaves there is swept."""
    folder = settings.FILES_DIR / "00"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def keep_written(write: Callable[[BinaryIO], object]) -> tuple[str, int]:
    """Keep what ``write`` writes into the file it is given, however long; returns its SHA-256 in hex and its bytes.

    Where ``write`` raises, nothing is kept.
    """
    with tempfile.NamedTemporaryFile(dir=drafts(), delete=False) as draft:
        try:
            write(draft.file)
            draft.flush()
            os.fsync(draft.fileno())
            size = draft.seek(0, os.SEEK_END)
            draft.seek(0)
            sha256 = hashlib.file_digest(draft.file, "sha256").hexdigest()
            target = path_of(sha256)
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.rename(draft.name, target)
        except BaseException:
            os.unlink(draft.name)
            raise
    sync_folder(target.parent)
    return sha256, size
