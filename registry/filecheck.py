"""Rows and stored files compared: a row without its file is an alarm, a file without a row goes after a day.

A field called ``sha256`` names a stored file, whatever the model; a digest of anything else has another name.
"""

import hashlib
import logging
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from pghistory.models import Event

from registry import filestore, locks

logger = logging.getLogger(__name__)
LOCK = "files"  # shared by backups, which copy files; alone by whoever removes them
KEPT = timedelta(days=1)  # an act writes its file first and its row a moment later


@dataclass(frozen=True)
class FileCheck:
    """What was found: hashes that rows name, those without a file or with a spoilt one, and files that no row names."""

    named: frozenset[str]
    missing: tuple[str, ...]
    spoilt: tuple[str, ...]
    orphans: tuple[Path, ...]

    @property
    def alarms(self) -> int:
        """How many rows' files are not what they were."""
        return len(self.missing) + len(self.spoilt)


def naming_models() -> list[type[models.Model]]:
    """The models whose rows name stored files."""

    def names_one(model) -> bool:
        try:
            field = model._meta.get_field("sha256")
        except FieldDoesNotExist:
            return False
        return field.model is model and model._meta.managed and not issubclass(model, Event)

    return [model for model in apps.get_models() if names_one(model)]


def named_hashes() -> frozenset[str]:
    """The hashes that rows name now."""
    return frozenset().union(
        *(model._base_manager.values_list("sha256", flat=True).distinct() for model in naming_models())
    )


def examine(*, at: datetime, read: bool = False) -> FileCheck:
    """Compare rows and files; with ``read`` every file's content too. Orphans are those older than a day at ``at``."""
    old = [path for path in files_on_disk() if _age(path, at) > KEPT]  # before the rows are asked: those come later
    named = named_hashes()
    missing = sorted(sha256 for sha256 in named if not filestore.path_of(sha256).is_file())
    there = sorted(named - set(missing)) if read else []
    spoilt = [sha256 for sha256 in there if hash_of(filestore.path_of(sha256)) != sha256]
    orphans = [path for path in old if path != filestore.path_of(path.name) or path.name not in named]
    return FileCheck(named, tuple(missing), tuple(spoilt), tuple(orphans))


def files_on_disk() -> list[Path]:
    """Every stored file, and whatever a killed process left half written: what stands in the two-letter folders."""
    folders = [folder for folder in settings.FILES_DIR.glob("[0-9a-f][0-9a-f]") if folder.is_dir()]
    return sorted(path for folder in folders for path in folder.iterdir() if path.is_file())


def hash_of(path: Path) -> str:
    """The SHA-256 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sweep_files(*, at: datetime) -> int:
    """Remove files that no row has named for a day and raise the alarm over rows without theirs; how many went.

    Leaves everything where it is while a backup copies files.
    """
    with locks.held(LOCK) as mine:
        if not mine:
            return 0
        found = examine(at=at)
        for sha256 in found.missing:
            logger.critical("A row's file is missing: %s", sha256)
        return sum(_removed(path, at) for path in found.orphans)


def _removed(path: Path, at: datetime) -> bool:
    """Take one file away, unless the same bytes were kept anew meanwhile: then their age is young again."""
    aside = path.with_name(f"{path.name}.swept")
    try:
        os.rename(path, aside)
    except FileNotFoundError:
        return False
    if _age(aside, at) <= KEPT:
        os.rename(aside, path)
        return False
    aside.unlink()
    return True


def _age(path: Path, at: datetime) -> timedelta:
    """How long ago the file was written or kept again; nothing for one that went meanwhile."""
    try:
        return timedelta(seconds=at.timestamp() - path.stat().st_mtime)
    except FileNotFoundError:
        return timedelta(0)
