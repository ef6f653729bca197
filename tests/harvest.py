"""What a page offers to whoever reads it: its addresses, and its forms with the fields as they stand."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

LEADING = ("href", "src", "hx-get", "hx-post", "hx-put", "hx-delete", "data-url")


@dataclass
class Form:
    """A form as a browser would send it untouched; ``files`` names its file fields."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)


class Harvest(HTMLParser):
    """Reads a page once; ``addresses`` are as they stand in it, of whatever kind."""

    def __init__(self, page: str):
        super().__init__()
        self.addresses: set[str] = set()
        self.forms: list[Form] = []
        self._choice = self._text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        said = {name: value or "" for name, value in attrs}
        self.addresses |= {said[name] for name in LEADING if said.get(name)}
        if tag == "form":
            self.forms.append(Form(said.get("action", ""), said.get("method", "get").lower()))
            self.addresses |= {said["action"]} if said.get("action") else set()
        elif self.forms and (name := said.get("name", self._choice if tag == "option" else "")):
            self._field(tag, name, said)

    def _field(self, tag: str, name: str, said: dict) -> None:
        fields = self.forms[-1].fields
        if tag == "option":
            if "selected" in said or not fields.get(name):
                fields[name] = said.get("value", "")
        elif said.get("type") == "file":
            self.forms[-1].files.add(name)
        elif said.get("type") not in ("checkbox", "radio") or "checked" in said or name not in fields:
            fields[name] = said.get("value", "on" if said.get("type") == "checkbox" else "")
        self._choice = name if tag in ("select", "option") else ""
        self._text = name if tag == "textarea" else ""

    def handle_endtag(self, tag):
        self._choice = "" if tag == "select" else self._choice
        self._text = "" if tag == "textarea" else self._text

    def handle_data(self, data):
        if self._text:
            self.forms[-1].fields[self._text] += data


def harvested(response) -> Harvest:
    """What an answer offers; nothing where it is no page."""
    page = response.get("Content-Type", "").startswith("text/html") and not response.streaming
    return Harvest(response.content.decode(errors="ignore") if page else "")
