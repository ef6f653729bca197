"""Sample evidence, drawn like scans of paper: nothing of a real person or office is copied into the demo."""

import io
from functools import cache

from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

from registry.actions.files import Inspected
from registry.papers import fonts

SIZE = (620, 877)  # A4 at 75 dpi
PAPER, INK, GREY, RED = (252, 250, 244), (40, 40, 46), (120, 120, 124), (190, 40, 40)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """A whole font, so that rare characters of names are there too. Raises FontsMissing."""
    role = fonts.Role("scan", (fonts.SERIF, "FangSong", "STFangsong"), "", fonts.SERIF)
    face = fonts.choose(role, fonts.installed(settings.FONTS_DIR))
    return ImageFont.truetype(face.file, size, index=face.index & 0xFFFF)


def _wrapped(text: str, length: int) -> list[str]:
    return [text[at : at + length] for at in range(0, len(text), length)] or [""]


def scan(title: str, lines: list[str], *, issuer: str, as_pdf: bool) -> Inspected:
    """A page with a title, some lines, an issuer and a sketched seal, as the bytes of a PDF or JPEG.

    The same words give the same bytes.
    """
    page = Image.new("RGB", SIZE, PAPER)
    draw = ImageDraw.Draw(page)
    draw.rectangle((28, 28, SIZE[0] - 28, SIZE[1] - 28), outline=GREY)
    draw.text((SIZE[0] / 2, 120), title, INK, _font(34), anchor="mm")
    y = 220
    for line in lines:
        for part in _wrapped(line, 24):
            draw.text((72, y), part, INK, _font(20))
            y += 38
        y += 8
    draw.text((SIZE[0] - 72, 690), issuer, INK, _font(18), anchor="rm")
    x, y, radius = SIZE[0] - 150, 690, 62
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=RED, width=4)
    draw.text((x, y - 22), "演示", RED, _font(20), anchor="mm")
    draw.text((SIZE[0] / 2, SIZE[1] - 56), "演示材料，内容均为虚构", GREY, _font(14), anchor="mm")
    file = io.BytesIO()
    if as_pdf:
        page.save(file, "PDF", resolution=75, quality=70, creationDate=None, modDate=None)
    else:
        page.save(file, "JPEG", quality=70)
    return Inspected.of(file.getvalue(), "application/pdf" if as_pdf else "image/jpeg", 1)
