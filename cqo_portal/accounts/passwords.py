"""Rules for passwords beyond Django's own, for offices that are held to them (ADR 17)."""

import re

from django.core.exceptions import ValidationError

KINDS = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^0-9A-Za-z]")
WANTED = 3
SENTENCE = "密码须含有小写字母、大写字母、数字、其他符号中的三种。"


class Mixed:
    """Three of four kinds of characters, as evaluations under GB/T 22239-2019 (8.1.4.1) commonly ask for."""

    def validate(self, password, user=None):
        """Raise ValidationError for a password of fewer kinds."""
        if sum(bool(re.search(kind, password)) for kind in KINDS) < WANTED:
            raise ValidationError(SENTENCE)

    def get_help_text(self):
        """The rule in words."""
        return SENTENCE
