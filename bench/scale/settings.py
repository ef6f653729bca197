"""The portal's settings as they serve, with what a measurement needs: its own static files, and no second factor."""

from bench.scale.where import FOLDER
from cqo_portal.settings import *  # noqa: F403

REQUIRE_MFA = False
BEHIND_PROXY = True  # so that each request may come from another address, and no limit on checks answers instead
STATIC_ROOT = FOLDER / "static"
