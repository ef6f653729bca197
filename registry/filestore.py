"""Bytes on disk under their content hash: written to a temporary name, synced, renamed; outside the web root."""

import hashlib
import os
import tempfile
from pathlib import Path

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


def sync_folder(folder: Path) -> None:
    """Write a folder's entries to the disk: without that a power cut may take back a rename."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
