"""The portal's settings as they serve, with what a measurement needs: people of staff sign in without a second factor."""

from cqo_portal.settings import *  # noqa: F403

REQUIRE_MFA = False
