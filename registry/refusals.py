"""How an action says no: a sentence for the person, and the field it belongs to."""


class Refused(Exception):  # noqa: N818 (a refusal is an answer, not a programming error)
    """An act that a rule or a policy does not allow; nothing was written."""

    def __init__(self, sentence: str, *, field: str | None = None):
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field


class Stale(Refused):
    """Somebody else wrote the row after this page was shown; the person's text is kept and compared."""

    def __init__(self):
        super().__init__("填写期间，这份材料已被他人修改。请对照最新内容，确认后再次提交。")
