"""Taking up new keys for ID numbers: in steps, beside the old ones, with everybody at work (docs/security.md)."""

import time

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from registry import identity
from registry.models import Candidate

SECRETS = ("secret", "seed")  # of an app, of recovery codes
FACTORS = "mfa"  # to what these are bound
BATCH = 200
PATIENCE = 0.2  # seconds before a row that somebody else is writing is tried again


def behind():
    """The people whose number still stands under an older key; one that was erased stands under none."""
    newest = Q(id_key_version=settings.ID_KEY_VERSION, id_hash_version=settings.ID_HASH_KEY_VERSION)
    return Candidate.unscoped.exclude(newest).exclude(id_cipher=b"")


def rotate(*, batch: int = BATCH) -> int:
    """Seal and hash every number under the newest keys; how many there were.

    Each batch is a transaction of its own: a run that was killed is taken up by the next, and several share the work.
    """
    done = 0
    while behind().exists():
        count = _rotate_some(batch)
        done += count
        if not count:
            time.sleep(PATIENCE)
    return done


def _rotate_some(batch: int) -> int:
    with transaction.atomic():
        rows = behind().order_by("pk").select_for_update(of=("self",), skip_locked=True)[:batch]
        for row in (rows := list(rows)):
            number = identity.unseal(row.id_cipher, row.id_key_version, owner=row.reference)
            cipher, version = identity.seal(number, owner=row.reference)
            Candidate.unscoped.filter(pk=row.pk).update(
                id_cipher=cipher,
                id_key_version=version,
                id_hash=identity.fingerprint(row.id_type, number),
                id_hash_version=settings.ID_HASH_KEY_VERSION,
            )
    return len(rows)


def rotate_factors() -> int:
    """Seal the secrets of second factors under the newest key, each under its row's lock; how many there were."""
    done = 0
    for pk in list(Authenticator.objects.values_list("pk", flat=True)):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().filter(pk=pk).first()
            old = {name: row.data[name] for name in SECRETS if name in row.data} if row else {}
            if fresh := {name: _resealed(text) for name, text in old.items() if identity.is_behind(text)}:
                row.data |= fresh
                row.save(update_fields=["data"])
                done += 1
    return done


def _resealed(text: str) -> str:
    return identity.seal_text(identity.unseal_text(text, owner=FACTORS), owner=FACTORS)


def faults() -> list[str]:
    """The references whose number is not readable and findable under the newest keys."""
    wrong = list(behind().values_list("reference", flat=True))
    for row in Authenticator.objects.all():
        if any(identity.is_behind(row.data[name]) for name in SECRETS if name in row.data):
            wrong.append(f"mfa {row.pk}")
    for row in Candidate.unscoped.exclude(id_cipher=b"").exclude(reference__in=wrong).iterator():
        number = identity.unseal(row.id_cipher, row.id_key_version, owner=row.reference)
        if identity.fingerprint(row.id_type, number) != row.id_hash:
            wrong.append(row.reference)
    return wrong
