"""Who is signed in, fetched with the office they act for: every page names it."""

from allauth.account.auth_backends import AuthenticationBackend

from registry.models import User

OFFICE = ("county", "enterprise", "training_membership__body")


class WithOffice(AuthenticationBackend):
    """allauth's own way to sign in; of each request's person the office is at hand."""

    def get_user(self, user_id):
        try:
            user = User.unscoped.select_related(*OFFICE).get(pk=user_id)
        except User.DoesNotExist:
            return None
        return user if self.user_can_authenticate(user) else None
