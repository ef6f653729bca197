"""gunicorn's settings (``gunicorn -c python:cqo_portal.serving``), alike under ``script/server`` and systemd.

No access log: a path may hold a one-time link, and the portal writes a line of its own about each request.
"""

import os

from cqo_portal import logs

wsgi_app = "cqo_portal.wsgi"
bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("CQO_WORKERS", "2"))
threads = 4
timeout = 60  # seconds
graceful_timeout = 10  # seconds
max_requests, max_requests_jitter = 5000, 500
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else "/tmp"
control_socket_disable = True
accesslog = None
logconfig_dict = logs.configuration(
    os.environ.get("CQO_LOG_FORMAT") or ("text" if os.environ.get("CQO_DEMO") == "1" else "json")
)
