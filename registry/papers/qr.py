"""QR codes as inline SVG, so that a paper needs no image file."""

import io

import segno
from django.utils.safestring import SafeString, mark_safe


def svg(url: str) -> SafeString:
    """The address as a QR code, error level M, without quiet zone: the page leaves the white around it.

    No character of the address reaches the SVG. Raises segno's DataOverflowError when it is too long.
    """
    code = segno.make(url, error="m", boost_error=False, micro=False)
    out = io.BytesIO()
    code.save(out, kind="svg", border=0, xmldecl=False, nl=False, omitsize=True, svgclass="qr", lineclass=None)
    # nosemgrep: markup-is-literal (segno draws it, of numbers alone)
    return mark_safe(out.getvalue().decode())
