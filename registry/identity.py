"""ID numbers: encrypted with AES-GCM, told apart by a keyed hash, keys kept apart from the data (design 1.14)."""

import hashlib
import hmac
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE = 12  # bytes, as NIST SP 800-38D advises


def seal(number: str, *, owner: str) -> tuple[bytes, int]:
    """Ciphertext of a number bound to its owner's reference, and the version of the key that made it."""
    return seal_bytes(number.encode(), owner=owner)


def unseal(cipher: bytes, version: int, *, owner: str) -> str:
    """The number. Raises cryptography's InvalidTag when the row is not the one it was written for."""
    return unseal_bytes(cipher, version, owner=owner).decode()


def seal_text(text: str, *, owner: str) -> str:
    """The same for a column of text: the key's version before the ciphertext in hex."""
    cipher, version = seal(text, owner=owner)
    return f"{version}:{cipher.hex()}"


def unseal_text(sealed: str, *, owner: str) -> str:
    """What ``seal_text`` sealed. Raises cryptography's InvalidTag for what was sealed for somebody else."""
    version, _, cipher = sealed.partition(":")
    return unseal(bytes.fromhex(cipher), int(version), owner=owner)


def is_behind(sealed: str) -> bool:
    """Whether what ``seal_text`` sealed stands under an older key."""
    return not sealed.startswith(f"{settings.ID_KEY_VERSION}:")


def fingerprint(id_type: str, number: str, version: int | None = None) -> str:
    """Keyed hash of a normalised number, for uniqueness alone; under the newest key unless a version is named."""
    key = bytes.fromhex(settings.ID_HASH_KEYS[version or settings.ID_HASH_KEY_VERSION])
    return hmac.new(key, f"{id_type}:{number}".encode(), hashlib.sha256).hexdigest()


def fingerprints(id_type: str, number: str) -> list[str]:
    """The hashes a number may be on file under while a new key is being taken up, one for each key at hand."""
    return [fingerprint(id_type, number, version) for version in settings.ID_HASH_KEYS]


def is_erased(person) -> bool:
    """Whether a person's ID number is no longer on file."""
    return not bytes(person.id_cipher)


def seal_bytes(data: bytes, *, owner: str) -> tuple[bytes, int]:
    """A whole file that may hold numbers, sealed as ``seal`` seals one."""
    version = settings.ID_KEY_VERSION
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(bytes.fromhex(settings.ID_KEYS[version])).encrypt(nonce, data, owner.encode()), version


def unseal_bytes(cipher: bytes, version: int, *, owner: str) -> bytes:
    """What ``seal_bytes`` sealed. Raises cryptography's InvalidTag for what was sealed for somebody else."""
    data = bytes(cipher)
    return AESGCM(bytes.fromhex(settings.ID_KEYS[version])).decrypt(data[:NONCE], data[NONCE:], owner.encode())
