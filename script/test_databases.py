"""Makes the database of each test worker, while the linters run: one by the migrations, the others copied from it."""

import os
import sys

import django
from steps import ROOT

WORKERS = ("gw0", "gw1")  # as pytest-xdist calls them

if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from django.db import connection

    made = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    connection.close()
    with connection.creation._nodb_cursor() as cursor:
        for worker in WORKERS:
            # nosemgrep: sql-is-literal (the name of a test database)
            cursor.execute(f'CREATE DATABASE "{made}_{worker}" TEMPLATE "{made}"')
