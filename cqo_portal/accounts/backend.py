"""Who is signed in, fetched with the office they act for: every page names it."""

from allauth.account.auth_backends import AuthenticationBackend

from registry.models import User

OFFICE = ("county", "enterprise__county", "training_membership__body")


class WithOffice(AuthenticationBackend):
    """allauth's own way to sign in; of each request's person the office is at hand."""

    def get_user(self, user_id):
        user = User.unscoped.select_related(*OFFICE).filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None
