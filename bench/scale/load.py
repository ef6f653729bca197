"""Twenty people at work at once: what ninety-five of a hundred answers take."""

import http.client
import random
import statistics
import threading
import time

from django.urls import reverse

from bench.scale.figures import Figure
from bench.scale.servers import Server, serving, signed_in
from bench.scale.where import url_of

CLIENTS, SECONDS, BAR = 20, 20, 800
WORKERS = 2
ROLES = ("municipal", "county-441802", "county-441881", "trainer", "enterprise-qy00100")
PAGES = ("home", "appointment_list", "enterprise_list", "candidate_list", "certificate_list", "session_list", "inbox")
QUEUE = "appointment_queue"  # of officers alone


def _client(server: Server, cookie: str, paths: list[str], until: float, taken: list, seed: int) -> None:
    """One person: a page, and the next as soon as it is there."""
    pick, connection = random.Random(seed), http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    while time.monotonic() < until:
        path, begun = pick.choice(paths), time.perf_counter()
        connection.request("GET", path, headers={"Cookie": cookie, "X-Forwarded-For": f"10.9.0.{seed}"})
        response = connection.getresponse()
        response.read()
        taken.append((path, 1000 * (time.perf_counter() - begun), response.status))
    connection.close()


def twenty_clients(size: int, seconds: int = SECONDS) -> list[Figure]:
    """Pages of five roles at random, by gunicorn as the portal is served."""
    url, taken = url_of(f"cqo_bench_{size}"), []
    cookies = [signed_in(url, username) for username in ROLES]
    with serving("bench.scale.settings", url, workers=WORKERS) as server:
        until = time.monotonic() + seconds
        people = []
        for n in range(CLIENTS):
            role = ROLES[n % len(ROLES)]
            names = [*PAGES, QUEUE] if role.startswith(("county", "municipal")) else PAGES
            paths = [reverse(name) for name in names]
            given = (server, cookies[n % len(ROLES)], paths, until, taken, n)
            people.append(threading.Thread(target=_client, args=given))
        for person in people:
            person.start()
        for person in people:
            person.join()
    times = sorted(ms for _, ms, _ in taken)
    p95, failed = times[int(0.95 * len(times))], sum(status >= 500 for _, _, status in taken)
    middle = {path: statistics.median(ms for p, ms, _ in taken if p == path) for path in {p for p, *_ in taken}}
    note = f"{len(times) / seconds:.0f} pages a second, median {statistics.median(times):.0f} ms, {failed} failed"
    met = p95 <= BAR and not failed
    return [Figure(f"p95 with {CLIENTS} clients, ms", p95, bar=f"≤ {BAR} ms", met=met, note=note, more=middle)]
