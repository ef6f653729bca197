"""What stands between the password and the portal: an address that nobody has proven yet is proven first."""

from allauth.account.stages import EmailVerificationStage, PhoneVerificationStage


class PhoneStage(PhoneVerificationStage):
    """A mobile number is proven at sign-up, and before it is signed in with for the first time."""

    def handle(self):
        if self.login.signup or self.login.phone:
            return super().handle()
        return None, True


class MailStage(EmailVerificationStage):
    """An e-mail address is proven at sign-up, and before it is signed in with for the first time."""

    def handle(self):
        signed_up_with = self.login.signup and (self.login.user is None or self.login.user.email)
        if self.login.email or (signed_up_with and not self.login.phone):
            return super().handle()
        return None, True
