"""A real browser, for tests and screenshots alike: Debian's chromium, and what a page does wrong in it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

WIDE, NARROW = 1440, 360  # pixels; every page is to be readable at both
HEIGHTS = {WIDE: 900, NARROW: 740}

# Playwright's loop runs in the thread of the test; nothing of Django's runs in that loop.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

STICKS_OUT = """() => {
  const edge = window.innerWidth;
  if (document.scrollingElement.scrollWidth <= edge) return [];
  const wide = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > edge + 0.5);
  const inner = wide.filter((e) => !wide.some((other) => other !== e && e.contains(other)));
  return inner.slice(0, 5).map((e) => `${e.tagName.toLowerCase()}.${e.className}`);
}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's chromium without a window. Raises RuntimeError with the words to say when it is not installed."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        raise RuntimeError("chromium is not installed: sudo apt-get install -y chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        try:
            yield browser
        finally:
            browser.close()


def visitor(browser: Browser, url: str, width: int = WIDE, **options) -> BrowserContext:
    """Somebody with a browser window of that width (pixels), at the portal under ``url``."""
    context = browser.new_context(
        base_url=url,
        viewport={"width": width, "height": HEIGHTS[width]},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        **options,
    )
    context.set_default_timeout(15_000)
    return context


def resize(page: Page, width: int) -> None:
    """Give the page's window that width (pixels)."""
    page.set_viewport_size({"width": width, "height": HEIGHTS[width]})


def sign_in(page: Page, username: str, password: str) -> None:
    """Log in by the form, as a person does. Raises AssertionError when the portal does not let them in."""
    page.goto("/accounts/login/")
    page.fill("input[name=login]", username)
    page.fill("input[name=password]", password)
    page.click("main form button[type=submit]")
    assert "/accounts/login/" not in page.url, f"{username} could not log in"


def listen(page: Page) -> list[str]:
    """What the browser complains of from now on: script errors, refused content, files that do not load.

    A page asked for that answers 4xx on purpose is no complaint; what it loads is.
    """
    heard: list[str] = []

    def on_console(message) -> None:
        address = message.location.get("url", "")
        if message.type == "error" and not (address == page.url and "Failed to load resource" in message.text):
            heard.append(f"{message.text} ({address})")

    page.on("console", on_console)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


def sticking_out(page: Page) -> list[str]:
    """The innermost elements beyond the right edge, where the page can be scrolled sideways; else nothing."""
    return page.evaluate(STICKS_OUT)
