"""Files that people send in good faith, made by the programs that make them: none may be refused."""

import io
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import weasyprint
from PIL import Image, ImageCms, ImageDraw, PngImagePlugin
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText, Link
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    Fit,
    NameObject,
    NumberObject,
    RectangleObject,
    TextStringObject,
)

from tests.hostile_files import HARMLESS, HIDING_PLACES

HTML = """<html lang="zh"><head><title>材料</title></head><body><h1 id="a">学历证明</h1><p>某大学 <a href="#b">见下</a>
<a href="https://example.gov.cn/">网页</a> <a href="mailto:a@example.gov.cn">邮箱</a></p>
<table><tr><th>课程<td>学时</table><form><input name="n" value="1"><textarea name="t">文字</textarea></form>
<h2 id="b" style="page-break-before: always">第二页</h2></body></html>"""


def woven(**options) -> bytes:
    """By WeasyPrint."""
    return weasyprint.HTML(string=HTML).write_pdf(**options)


def by_chromium(page: str = HTML, **options) -> bytes:
    """By a browser's “print to PDF”."""
    from tests.browser import chromium

    with chromium() as browser:
        shown = browser.new_page()
        shown.set_content(page)
        return shown.pdf(**options)


def by_poppler(*command: str) -> bytes:
    """What one of Poppler's programs (Cairo draws) makes of WeasyPrint's file."""
    return subprocess.run(command, input=woven(), capture_output=True, check=True, timeout=60).stdout


def edited(change: Callable[[PdfWriter], object], **options) -> bytes:
    """By pypdf, with something added."""
    writer, data = PdfWriter(PdfReader(io.BytesIO(woven())), **options), io.BytesIO()
    change(writer)
    writer.write(data)
    return data.getvalue()


def with_form(writer: PdfWriter) -> None:
    """A field to fill in, without a script."""
    names = {"/FT": NameObject("/Tx"), "/T": TextStringObject("name"), "/V": TextStringObject("张三")}
    widget = {"/Type": NameObject("/Annot"), "/Subtype": NameObject("/Widget"), "/F": NumberObject(4)}
    field = {NameObject(k): v for k, v in (names | widget).items()}
    field[NameObject("/Rect")] = RectangleObject((50, 700, 200, 720))
    reference = writer._add_object(DictionaryObject(field))
    writer.pages[0][NameObject("/Annots")] = ArrayObject([reference])
    form = DictionaryObject({NameObject("/Fields"): ArrayObject([reference])})
    writer.root_object[NameObject("/AcroForm")] = writer._add_object(form)


def with_opening(writer: PdfWriter) -> None:
    """A document that opens on its second page."""
    go_to = {NameObject("/S"): NameObject("/GoTo"), NameObject("/D"): ArrayObject([writer.pages[1].indirect_reference])}
    writer.root_object[NameObject("/OpenAction")] = writer._add_object(DictionaryObject(go_to))


def scanned(kind: str, **options) -> bytes:
    """By a scanner: pages that are pictures."""
    pages, data = [photo().convert(kind) for _ in range(2)], io.BytesIO()
    pages[0].save(data, "PDF", save_all=True, append_images=pages[1:], resolution=100, **options)
    return data.getvalue()


def photo(width: int = 620, height: int = 877) -> Image.Image:
    """A page with marks and shades on it."""
    page = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    ImageDraw.Draw(page).rectangle((10, 10, width // 2, height // 3), "red", "black")
    return page


def kept(picture: Image.Image, kind: str, **options) -> bytes:
    """The picture as a file."""
    data = io.BytesIO()
    picture.save(data, kind, **options)
    return data.getvalue()


def turned(orientation: int) -> bytes:
    """A photo whose EXIF says how the telephone was held."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "某手机"
    return kept(photo(), "JPEG", exif=exif)


def words() -> PngImagePlugin.PngInfo:
    """Texts that programs write into a PNG."""
    info = PngImagePlugin.PngInfo()
    info.add_itxt("Title", "证书", "zh", "标题")
    info.add_text("Software", "scanner", zip=True)
    return info


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
PDFS: dict[str, Callable[[], bytes]] = {
    "WeasyPrint": woven,
    "WeasyPrint, not packed": lambda: woven(uncompressed_pdf=True),
    "WeasyPrint, forms": lambda: woven(pdf_forms=True),
    "WeasyPrint, tagged": lambda: woven(pdf_tags=True),
    "WeasyPrint, zoomed": lambda: woven(zoom=2),
    **{
        f"WeasyPrint, {kind}": lambda kind=kind: woven(pdf_variant=kind)
        for kind in ("pdf/a-2b", "pdf/a-4u", "pdf/ua-1")
    },
    **{f"WeasyPrint, {v}": lambda v=v: woven(pdf_version=v) for v in ("1.4", "1.5", "2.0")},
    "pypdf, links within": lambda: edited(
        lambda w: w.add_annotation(0, Link(rect=(0, 0, 90, 90), target_page_index=1, fit=Fit.fit()))
    ),
    "pypdf, a link out": lambda: edited(
        lambda w: w.add_annotation(0, Link(rect=(0, 0, 90, 90), url="http://www.qingyuan.gov.cn/a(1).html"))
    ),
    "pypdf, a note": lambda: edited(lambda w: w.add_annotation(0, FreeText(text="批注 (一)", rect=(9, 9, 90, 90)))),
    "pypdf, an outline": lambda: edited(lambda w: w.add_outline_item(title="第一章", page_number=0)),
    "pypdf, a form": lambda: edited(with_form),
    "pypdf, opens on a page": lambda: edited(with_opening),
    "pypdf, properties": lambda: edited(lambda w: w.add_metadata({"/Title": "关于 /JavaScript 与 (obj) 的说明"})),
    "pypdf, turned": lambda: edited(lambda w: w.pages[0].rotate(90)),
    "pypdf, cleaned": lambda: edited(lambda w: w.compress_identical_objects()),
    "pypdf, added to": lambda: edited(lambda w: w.add_blank_page(595, 842), incremental=True),
    "pypdf, page labels": lambda: edited(lambda w: w.set_page_label(0, 1, style="/r")),
    "pypdf, 300 pages": lambda: edited(lambda w: [w.add_blank_page(595, 842) for _ in range(300)]),
    **{f"scanner, {kind}": lambda kind=kind: scanned(kind) for kind in ("RGB", "L", "1", "P", "CMYK")},
    "scanner, coarse": lambda: scanned("RGB", quality=20),
    **{f"made by hand, {where}": lambda hide=hide: hide(HARMLESS) for where, hide in HIDING_PLACES.items()},
    "blanks behind the end": lambda: woven() + b"\r\n\0\0\n",
}
BY_OTHERS: dict[str, Callable[[], bytes]] = {
    "Chromium": by_chromium,
    "Chromium, tagged, with an outline": lambda: by_chromium(tagged=True, outline=True),
    "Chromium, landscape": lambda: by_chromium(landscape=True, print_background=True, scale=0.7),
    "Chromium, header and footer": lambda: by_chromium(display_header_footer=True, format="A4"),
    "Chromium, many pages": lambda: by_chromium(HTML * 20),
    "Cairo": lambda: by_poppler("pdftocairo", "-pdf", "-", "-"),
    "Cairo, one page": lambda: by_poppler("pdftocairo", "-pdf", "-f", "2", "-l", "2", "-", "-"),
}
PICTURES: dict[str, Callable[[], bytes]] = {
    **{
        f"JPEG, {kind}": lambda kind=kind: kept(photo().convert(kind), "JPEG") for kind in ("RGB", "L", "CMYK", "YCbCr")
    },
    **{f"JPEG, held {n}": lambda n=n: turned(n) for n in range(1, 9)},
    **{f"JPEG, quality {n}": lambda n=n: kept(photo(), "JPEG", quality=n) for n in (5, 95)},
    **{f"JPEG, subsampling {n}": lambda n=n: kept(photo(), "JPEG", subsampling=n) for n in (0, 1, 2)},
    "JPEG, progressive": lambda: kept(photo(), "JPEG", progressive=True),
    "JPEG, progressive CMYK": lambda: kept(photo().convert("CMYK"), "JPEG", progressive=True),
    "JPEG, profile and comment": lambda: kept(photo(), "JPEG", icc_profile=SRGB, comment="扫描"),
    "JPEG, restarts": lambda: kept(photo(), "JPEG", restart_marker_rows=2),
    "JPEG, several frames": lambda: kept(photo(), "MPO", save_all=True, append_images=[photo()]),
    "JPEG, 24 million pixels": lambda: kept(photo(5712, 4284), "JPEG"),
    "JPEG, 50 million pixels": lambda: kept(photo(8160, 6120), "JPEG", quality=60),
    "JPEG, one pixel": lambda: kept(Image.new("L", (1, 1)), "JPEG"),
    **{
        f"PNG, {kind}": lambda kind=kind: kept(photo().convert(kind), "PNG")
        for kind in ("RGB", "RGBA", "L", "LA", "P", "1")
    },
    "PNG, 16 bits": lambda: kept(Image.new("I;16", (60, 40), 40_000), "PNG"),
    "PNG, 16 colours": lambda: kept(photo().quantize(16), "PNG", bits=4),
    "PNG, a transparent colour": lambda: kept(photo().convert("P"), "PNG", transparency=0),
    "PNG, a transparent grey": lambda: kept(photo().convert("L"), "PNG", transparency=128),
    "PNG, texts": lambda: kept(photo(), "PNG", pnginfo=words(), dpi=(300, 300), icc_profile=SRGB),
    "PNG, several frames": lambda: kept(
        photo(), "PNG", save_all=True, append_images=[photo().convert("L").convert("RGB")]
    ),
    "PNG, a long strip": lambda: kept(photo(100, 9000), "PNG"),
    "PNG, 20 million pixels": lambda: kept(Image.new("RGB", (5000, 4000), "white"), "PNG"),
}


def every_good() -> dict[str, Callable[[], bytes]]:
    """Each by its name, and how it is made; the fonts' own programs too, where this machine has them."""
    found = PDFS | BY_OTHERS | PICTURES
    for path in sorted(Path("/usr/share/doc").rglob("*.pdf"))[:10]:
        found[path.name] = path.read_bytes
    if shutil.which("pdfunite") is None:
        found = {name: made for name, made in found.items() if not name.startswith("Cairo")}
    return found
