"""Give the application's database role what pages need, and no more."""

import os

import pghistory.models
from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, models, transaction
from django.db.migrations.recorder import MigrationRecorder

ALL = "SELECT, INSERT, UPDATE, DELETE"
APPEND = "SELECT, INSERT"


def privileges(model: type[models.Model]) -> str:
    """The privileges on one model's table. Decisions and history are added to, never changed (design §4)."""
    if model is MigrationRecorder.Migration:
        return "SELECT"
    if model is pghistory.models.Context:
        return f"{APPEND}, UPDATE"  # its trigger function completes a request's context as it goes
    if issubclass(model, pghistory.models.Event) or getattr(model, "append_only", False):
        return APPEND
    if getattr(model, "never_deleted", False):
        return f"{APPEND}, UPDATE"
    return ALL


class Command(BaseCommand):
    """Run as the tables' owner after every migrate. The role's name comes from CQO_APP_ROLE (default cqo_app)."""

    requires_system_checks = []  # migrate has just run them
    help = "授予应用角色所需的最小数据库权限（以所有者身份运行，可重复运行）。"

    def handle(self, *args, **options):
        """Replace the role's grants as a whole, in one transaction.

        Raises CommandError where the role does not exist or is the one that runs this.
        """
        role = os.environ.get("CQO_APP_ROLE", "cqo_app")
        quote = connection.ops.quote_name
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_user, current_database(), current_schema()")
            owner, database, schema = cursor.fetchone()
            if role == owner:
                raise CommandError(f"角色 {role} 是所有者本身，不能作为受限角色。")
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            if cursor.fetchone() is None:
                raise CommandError(f"数据库角色 {role} 不存在，请先由数据库管理员建立：CREATE ROLE {role} LOGIN")
            app, within = quote(role), quote(schema)
            cursor.execute(
                f"REVOKE ALL ON DATABASE {quote(database)} FROM PUBLIC, {app};"
                f"GRANT CONNECT ON DATABASE {quote(database)} TO {app};"
                f"GRANT USAGE ON SCHEMA {within} TO {app};"
                f"REVOKE ALL ON ALL TABLES IN SCHEMA {within} FROM {app};"
                f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {within} TO {app}"
            )
            existing = set(connection.introspection.table_names(cursor))
            tables = {
                model._meta.db_table: privileges(model)
                for model in [*apps.get_models(include_auto_created=True), MigrationRecorder.Migration]
                if model._meta.managed and not model._meta.proxy
            }
            tables |= {cache["LOCATION"]: ALL for cache in settings.CACHES.values()}  # a table without a model
            for table in sorted(tables.keys() & existing):
                # nosemgrep: sql-is-literal (names of our own tables, quoted; a grant takes no parameters)
                cursor.execute(f"GRANT {tables[table]} ON {quote(table)} TO {app}")
