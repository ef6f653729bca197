"""What every walk of ``script/screenshots`` shares: a browser that takes pictures and hears complaints, and hands."""

import io
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from PIL import Image  # noqa: E402  (the path is set above)
from playwright.sync_api import Locator, Page  # noqa: E402
from pypdf import PdfReader  # noqa: E402

from tests.browser import NARROW, WIDE, listen, resize, sign_in, sticking_out, visitor  # noqa: E402

SCREENS = ROOT / "docs" / "screens"
TALLEST = {WIDE: 1500, NARROW: 1400}  # pixels kept of a picture in the guides
COLOURS = 128  # enough for flat pages; keeps a picture of the guides under 120 KB
PRINTED_CODE = re.compile("核验码：((?:[0-9A-Z]{4}-?){9})")


def _sample() -> bytes:
    """A scan to upload, as far as the portal can tell."""
    data = io.BytesIO()
    Image.new("RGB", (600, 800), "white").save(data, "PNG")
    return data.getvalue()


SAMPLE = _sample()

# The pictures in the guides, of all that are taken.
GUIDES = {
    WIDE: (
        "public-home", "public-login", "public-verify-receipt", "enterprise-home", "enterprise-person",
        "enterprise-new", "enterprise-step-2", "enterprise-step-3", "enterprise-check-answers", "enterprise-submitted",
        "enterprise-returned", "enterprise-correcting", "county-home", "county-queue", "county-check", "county-return",
        "county-counter-form", "municipal-queue", "municipal-queue-confirm", "municipal-file", "administrator-account",
        "trainer-home", "trainer-session", "trainer-results", "trainer-upload-preview", "trainer-certificates",
        "trainer-certificate", "enterprise-enrol", "enterprise-project", "county-project-confirm", "municipal-pool",
        "public-pool", "public-verify", "public-verify-certificate", "municipal-cycle-draft-publish",
        "municipal-cycle-running", "municipal-case-sign", "municipal-statistics", "county-watch-list", "county-finding",
        "county-case-asked", "county-link", "county-deliveries", "public-statement",
        "enterprise-report-draft-edit", "enterprise-report-noted", "enterprise-obligations", "enterprise-case-served",
        "enterprise-case-served-answer-dismissed", "public-signup", "applicant-registration", "county-registration",
        "enterprise-members", "account-second-factor", "account-app", "administrator-security-log", "municipal-reveal",
    ),
    NARROW: ("enterprise-home", "enterprise-check-answers", "county-queue"),
}  # fmt: skip


class Tour:
    """One browser, one picture folder, and the complaints heard on the way."""

    def __init__(self, browser, url: str, out: Path, password: str):
        self.browser, self.url, self.out, self.password = browser, url, out, password
        self.faults: list[str] = []
        self.taken = 0

    def enter(self, username: str = "") -> Page:
        """A window of its own for this account, logged in; without a name, for the public."""
        page = visitor(self.browser, self.url).new_page()
        page.heard = listen(page)
        if username:
            sign_in(page, username, self.password)
        return page

    def shoot(self, page: Page, name: str, *addresses: str, status: int = 200) -> None:
        """Go there, if an address is given, and take the page at both widths; note what is wrong with it."""
        for address in addresses:
            answer = page.goto(address)
            if answer.status != status:
                self.fault(page, name, f"answers {answer.status}")
        for width in (WIDE, NARROW):
            resize(page, width)
            if inner := sticking_out(page):
                self.fault(page, name, f"sticks out at {width} px: {', '.join(inner)}")
            tall = page.evaluate("document.scrollingElement.scrollHeight")
            page.set_viewport_size({"width": width, "height": tall})  # what keeps to the lower edge stays there
            picture = page.screenshot(caret="initial")
            (self.out / f"{name}-{width}.png").write_bytes(picture)
            if name in GUIDES[width]:
                keep_small(picture, SCREENS / f"{name}-{width}.png", TALLEST[width])
            self.taken += 1
        for complaint in page.heard:
            self.fault(page, name, complaint)
        page.heard.clear()
        resize(page, WIDE)
        print(f"· {name}  {urlsplit(page.url).path}", flush=True)

    def fault(self, page: Page, name: str, words: str) -> None:
        """Remember and say what is wrong."""
        self.faults.append(f"{name} ({urlsplit(page.url).path}): {words}")
        print(f"! {self.faults[-1]}", file=sys.stderr, flush=True)


def keep_small(picture: bytes, path: Path, tallest: int) -> None:
    """A picture for the guides: its upper part, in the colours that it has most of."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image = image.crop((0, 0, image.width, min(image.height, tallest)))
    often = sorted(image.getcolors(image.width * image.height), reverse=True)[:COLOURS]
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for _, colour in often for part in colour])
    path.parent.mkdir(parents=True, exist_ok=True)
    image.quantize(palette=palette, dither=Image.Dither.NONE).save(path, optimize=True)


def press(page: Page, what: Locator) -> None:
    """Press what leads to another page, and wait for that page."""
    with page.expect_navigation():
        what.first.click()


def go(page: Page, button: str) -> None:
    """Press a button of the page's body by its words."""
    press(page, page.locator("main").get_by_role("button", name=button, exact=True))


def follow(page: Page, link: str) -> None:
    """Follow the first link of the page's body that says so."""
    press(page, page.locator("main").get_by_role("link", name=link))


def first_row(page: Page, address: str) -> str:
    """The address of the first row of a list."""
    page.goto(address)
    return page.locator("main a.row-link, main table.rows td.first a").first.get_attribute("href")


def rows(page: Page, listed: str) -> list[str]:
    """The addresses of a list's rows, as far as its first page goes."""
    page.goto(listed)
    return page.locator("main a.row-link").evaluate_all("all => all.map((a) => a.getAttribute('href'))")


def codes_of(page: Page, appointment: str) -> dict[str, str]:
    """The verification code of each paper of an appointment, read off the paper as its reader would."""
    codes = {}
    for kind in ("letter", "authorisation", "receipt"):
        answer = page.request.get(f"{appointment}papers/{kind}/")
        if answer.ok:
            text = "".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(answer.body())).pages)
            codes[kind] = PRINTED_CODE.search("".join(text.split()))[1]
    return codes
