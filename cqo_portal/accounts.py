"""How allauth behaves here: nobody signs up; staff and trainers are made by the administrator."""

from allauth.account.adapter import DefaultAccountAdapter


class ClosedSignUp(DefaultAccountAdapter):
    """Sign-up is closed until enterprises can register themselves."""

    def is_open_for_signup(self, request):
        return False
