"""How many queries each page takes, of each role: at most so many, and no more with a hundred rows than with one."""

import io
from collections.abc import Iterator

from django.core.wsgi import get_wsgi_application
from django.db import connection, connections
from django.urls import NoReverseMatch, get_resolver, reverse

from bench.scale.figures import Figure
from bench.scale.servers import signed_in
from bench.scale.where import url_of

MOST = 15
ROLES = ("municipal", "administrator", "county-441802", "trainer", "enterprise-qy00100")
# Pages of one row, beside those that are reached without one: the newest row that the role may see.
DETAILS = {
    "appointment_detail": ("appointments.Appointment", "reference"),
    "enterprise_detail": ("registry.Enterprise", "reference"),
    "candidate_detail": ("registry.Candidate", "reference"),
    "session_detail": ("training.Session", "reference"),
    "certificate_detail": ("training.Certificate", "code"),
    "project_detail": ("training.ImprovementProject", "reference"),
    "finding_detail": ("appointments.Finding", "reference"),
    "case_detail": ("appointments.DismissalRecommendation", "reference"),
    "cycle_detail": ("appointments.ReportCycle", "reference"),
}
# Nobody reads a page there.
LEFT_OUT = ("account_", "mfa_", "healthz", "person_data", "statement_received")


class Counted:
    """The portal within this process, and what its databases were asked."""

    def __init__(self):
        self.application = get_wsgi_application()
        self.asked: list[str] = []

    def _count(self, execute, sql, params, many, context):
        self.asked.append(sql)
        return execute(sql, params, many, context)

    def page(self, path: str, cookie: str) -> tuple[int, bytes]:
        """The status of a page, and its bytes."""
        path, _, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query, "HTTP_COOKIE": cookie,
            "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(),
        }  # fmt: skip
        status = []
        answer = self.application(environ, lambda line, headers, *_: status.append(int(line.split()[0])))
        body = b"".join(answer)
        answer.close()
        return status[0], body

    def get(self, path: str, cookie: str) -> tuple[int, list[str]]:
        """The status of a page, and the statements it took, on all connections."""
        self.asked = []
        with connection.execute_wrapper(self._count), connections["security_log"].execute_wrapper(self._count):
            return self.page(path, cookie)[0], self.asked


def paths_for(username: str) -> Iterator[tuple[str, str]]:
    """Name and address of each page without arguments, and of one row of each kind that this account sees."""
    from django.apps import apps

    from registry.models import User

    user = User.unscoped.get(username=username)
    for name in sorted(name for name in get_resolver().reverse_dict if isinstance(name, str)):
        if not name.startswith(LEFT_OUT):
            try:
                yield name, reverse(name)
            except NoReverseMatch:
                continue
    for name, (label, field) in DETAILS.items():
        row = apps.get_model(label).unscoped.visible_to(user).order_by("-pk").values_list(field, flat=True).first()
        if row:
            yield name, reverse(name, args=[row])


def counts(size: int) -> dict[str, dict[str, int]]:
    """Role → page → queries, warm: a page is asked for twice."""
    counted, found = Counted(), {}
    for username in ROLES:
        cookie = signed_in(url_of(f"cqo_bench_{size}"), username)
        found[username] = {}
        for name, path in paths_for(username):
            status, _ = counted.get(path, cookie)
            if status == 200:
                found[username][name] = len(counted.get(path, cookie)[1])
    return found


def every_page(size: int) -> list[Figure]:
    """The most queries any page takes, and how many pages take more than they may."""
    found = counts(size)
    pairs = [(number, f"{name} ({role})") for role, pages in found.items() for name, number in pages.items()]
    over = sorted((pair for pair in pairs if pair[0] > MOST), reverse=True)
    most, where = max(pairs)
    note = f"{len(over)} of {len(pairs)} pages above; most: {where}"
    return [Figure("queries a page, at most", most, bar=f"≤ {MOST}", met=not over, note=note, more=found)]
