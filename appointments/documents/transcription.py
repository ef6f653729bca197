"""补录摘录: what a bureau's list says of one enterprise's past appointments, and of which list it is an extract."""

from dataclasses import dataclass
from datetime import datetime

from django.template.loader import render_to_string

from registry.papers import render, sheet


@dataclass(frozen=True, kw_only=True)
class TranscriptionFacts:
    """Whose, out of which file (its name, its SHA-256), by which office and when, and each row as (title, value)."""

    enterprise_name: str
    credit_code: str
    file_name: str
    digest: str
    office: str
    officer: str
    at: datetime
    rows: tuple[tuple[int, tuple[tuple[str, str], ...]], ...]


def transcription(facts: TranscriptionFacts) -> render.Rendering:
    """补录摘录 as a PDF: no official paper, but what a transcribed appointment stands on (design 1.15).

    Raises FontsMissing when no Chinese font is installed.
    """
    html = render_to_string("papers/transcription.html", {"facts": facts, "preview": False, "tight": False})
    return render.render(html, sheet.style("common", "transcription"))
