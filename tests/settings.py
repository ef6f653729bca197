"""The portal's settings, with what makes tests quick and keeps their files apart."""

import os
import tempfile
from pathlib import Path

from cqo_portal.settings import *  # noqa: F403
from cqo_portal.settings import DATABASES, STORAGES

REQUIRE_MFA = False  # the cast signs in by itself; tests of the second factor ask for it
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DATABASES["default"] |= {"CONN_MAX_AGE": 0}
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
if role := os.environ.get("CQO_TEST_ROLE"):  # a process of a test's own acts in the application's role
    DATABASES["default"]["OPTIONS"]["options"] += f" -c role={role}"  # the log's alias shares these options
_files = tempfile.TemporaryDirectory(prefix="cqo-files-")  # removed when the process ends
FILES_DIR = Path(os.environ.get("CQO_TEST_FILES", _files.name))  # a process of a test's own shares the test's
OUTBOX_DIR = FILES_DIR / "outbox"
BACKUP_DIR = FILES_DIR / "backups"
EMAIL_FILE_PATH = OUTBOX_DIR / "mail"
# Entries roll back with the test that wrote them; those that have to survive a rollback say so (test_security_log.py).
SECURITY_LOG_DATABASE = "default"
