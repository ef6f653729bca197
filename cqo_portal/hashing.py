"""The SHA-256 of an uploaded file, taken while it streams in; no byte of the file is kept, in memory or on disk."""

import hashlib
from io import BytesIO

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile

HEAD = 5  # bytes: enough to tell a PDF


class HashedFile(UploadedFile):
    """What is known of a file that was read and let go: its first bytes, size, and SHA-256 in hex."""

    def __init__(self, head: bytes, sha256: str, **facts):
        super().__init__(BytesIO(head), **facts)
        self.head, self.sha256 = head, sha256


class HashingUploadHandler(FileUploadHandler):
    """Hashes a file up to ``limit`` bytes. A larger one is read to its end and let go, and ``too_large`` says so."""

    def __init__(self, limit: int):
        super().__init__()
        self.limit, self.too_large = limit, False

    def new_file(self, *args, **kwargs):
        """Begin anew for each file of the request."""
        super().new_file(*args, **kwargs)
        self.digest, self.size, self.head = hashlib.sha256(), 0, b""

    def receive_data_chunk(self, raw_data, start):
        """Take a chunk into the hash, and pass it to no other handler. Raises SkipFile beyond the limit."""
        self.size += len(raw_data)
        if self.size > self.limit:
            self.too_large = True
            raise SkipFile
        self.head = (self.head + raw_data[:HEAD])[:HEAD]
        self.digest.update(raw_data)

    def file_complete(self, file_size):
        """The file as far as it is known."""
        return HashedFile(self.head, self.digest.hexdigest(), name=self.file_name, size=self.size)
