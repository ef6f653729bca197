"""System checks of the portal as a whole."""

from django.core.checks import Error
from django.db.backends.postgresql.psycopg_any import is_psycopg3


def driver_is_psycopg2(app_configs=None, **kwargs):
    """Fail where Django would talk to PostgreSQL by psycopg 3: it switches without a word once that is importable."""
    if not is_psycopg3:
        return []
    return [
        Error(
            "Django 将改用 psycopg 3，而本平台只在 psycopg2 上测试过。",
            hint="从环境中卸载 psycopg（第 3 版）及引入它的软件包。",
            id="cqo_portal.E001",
        )
    ]
