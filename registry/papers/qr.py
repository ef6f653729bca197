"""QR codes as inline SVG, so that neither a paper nor a page needs an image file."""

import re

import zxingcpp
from django.utils.html import format_html
from django.utils.safestring import SafeString

DARK = re.compile(rb"\x00+")


def svg(url: str) -> SafeString:
    """The address as a QR code, error level M, without quiet zone: the page leaves the white around it.

    No character of the address reaches the SVG. Raises ValueError when it is too long.
    """
    squares = memoryview(zxingcpp.write_barcode_to_image(_code(url), add_quiet_zones=False))
    side, dots = squares.shape[0], squares.tobytes()
    # A stroke for each run of dark squares: two orders for WeasyPrint to draw, where the library's rectangles are five.
    strokes = (
        f"M{run.start()} {row}.5h{run.end() - run.start()}"
        for row in range(side)
        for run in DARK.finditer(dots[row * side : (row + 1) * side])
    )
    return format_html(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {0}" class="qr"><path stroke="#000" d="{1}"/></svg>',
        side,
        "".join(strokes),
    )


def picture(url: str) -> str:
    """The address as a QR code in a file of its own, white around it. Raises ValueError when it is too long."""
    return zxingcpp.write_barcode_to_svg(_code(url))


def _code(url: str) -> zxingcpp.Barcode:
    return zxingcpp.create_barcode(url, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
