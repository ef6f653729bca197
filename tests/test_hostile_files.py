"""What strangers send: 199 files that mean harm and 80 that do not, by the very process uploads go through."""

import io
import json
import shutil
import socket
import struct
import subprocess
import threading
import time
from contextlib import closing

import pytest
from django.core.checks import run_checks
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageFile

from registry import clamd, inspector, sandbox
from registry.actions import files
from registry.actions.files import FAULTS, TOO_HARD, Inspected, inspect
from registry.clamd import INFECTED, NO_SCAN
from registry.fields import UploadField
from registry.refusals import Refused
from registry.sheets import Column, Template, read_sheet
from tests.cast import pdf, picture
from tests.good_files import BY_OTHERS, PDFS, PICTURES, every_good
from tests.hostile_files import BOMBS, HIDING_PLACES, PAYLOADS, document, every_hostile, with_everything_in_it

HOSTILE = every_hostile()
NEEDS_LIMITS = "objects without an end"


def refusal(data: bytes) -> str:
    """The sentence such an upload gets; fails the test where it is taken."""
    with pytest.raises(Refused) as refused:
        inspect(data)
    return refused.value.sentence


def fault(data: bytes) -> str:
    """The code of a file's fault as the inspector finds it in this process, without its limits; empty for none."""
    try:
        inspector.inspect(data)
    except inspector.Fault as found:
        return found.code
    except Exception:
        return "damaged" if data.startswith(b"%PDF-") else "torn"
    return ""


# --- The files -------------------------------------------------------------------------------------------------------


def test_whatever_harm_hides_in_a_file_is_found_for_what_it_is(monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", False)  # WeasyPrint sets it, and is not in that process
    found = {name: (code, fault(make())) for name, (code, make) in HOSTILE.items() if name != NEEDS_LIMITS}
    assert len(found) >= 190
    assert {name: codes for name, codes in found.items() if codes[0] != codes[1]} == {}


@pytest.mark.parametrize("name", ["a script, in a stream of objects", "files by name, in the open", "a torn PNG"])
def test_harm_is_refused_with_its_sentence_in_the_process_apart(name):
    code, make = HOSTILE[name]
    assert refusal(make()) == FAULTS[code]


@pytest.mark.parametrize("name", ["WeasyPrint", "pypdf, a form", "scanner, 1", "JPEG, held 6", "PNG, 16 bits"])
def test_what_is_sent_in_good_faith_is_taken(name):
    assert inspect((PDFS | PICTURES)[name]()).pages >= 1


@pytest.mark.long
def test_none_of_the_hostile_files_gets_through():
    """Each by the process apart: 0 accepted, and each with a sentence of ours."""
    assert len(HOSTILE) >= 150
    told = {name: refusal(make()) for name, (_, make) in HOSTILE.items()}
    assert set(told.values()) <= {*FAULTS.values(), TOO_HARD}


@pytest.mark.long
def test_none_of_the_good_files_is_refused():
    files_sent, told = every_good(), {}
    assert len(files_sent) >= 80 and BY_OTHERS.keys() & files_sent.keys()
    for name, make in files_sent.items():
        try:
            inspect(make())
        except Refused as refused:
            told[name] = refused.sentence
    assert told == {}


@pytest.mark.parametrize("place", HIDING_PLACES)
def test_without_its_search_a_script_would_get_in_from_every_hiding_place(place, monkeypatch):
    """So the refusals above are the search's, and the files are sound documents otherwise."""
    data = HIDING_PLACES[place](PAYLOADS["a script"][1])
    assert fault(data) == "script"
    monkeypatch.setitem(inspector.FORBIDDEN, "script", set())
    monkeypatch.setitem(inspector.FORBIDDEN_KEYS, "script", set())
    assert fault(data) == ""


def test_without_its_limit_a_bomb_would_get_in(monkeypatch):
    data = BOMBS["a stream of 300 MB"][1]()
    assert fault(data) == "bomb"
    monkeypatch.setattr(inspector, "MAX_STREAM", 2**40)
    assert fault(data) == ""


def test_a_picture_is_drawn_anew_without_texts_profile_exif_frames_or_what_stands_behind_it():
    kept = inspect(with_everything_in_it())
    assert b"script" not in kept
    with Image.open(io.BytesIO(kept)) as redrawn:
        assert getattr(redrawn, "n_frames", 1) == 1 and not redrawn.info and not redrawn.getexif()


def test_sixteen_bits_of_grey_keep_their_shade():
    with Image.open(io.BytesIO(inspect(PICTURES["PNG, 16 bits"]()))) as redrawn:
        assert redrawn.getpixel((5, 5)) == (156, 156, 156)  # 40,000 of 65,535


def test_a_telephones_large_photo_is_read_at_half_its_size():
    with Image.open(io.BytesIO(inspect(PICTURES["JPEG, 24 million pixels"]()))) as redrawn:
        assert redrawn.size == (2856, 2142)


def test_a_file_is_inspected_once_on_its_way_from_the_form_to_the_store(monkeypatch):
    asked = []
    answer = b'{"type": "application/pdf", "pages": 1}\n'
    monkeypatch.setattr(files, "_examined", lambda data: asked.append(data) or answer)
    name, kept = UploadField(label="材料").clean(SimpleUploadedFile("a.pdf", pdf()))
    assert isinstance(kept, Inspected) and inspect(kept) is kept
    assert (name, kept, kept.pages) == ("a.pdf", pdf(), 1) and asked == [pdf()]


# --- The process apart -----------------------------------------------------------------------------------------------

ROOMY = {"memory": 1024 * sandbox.MEGABYTE, "seconds": 20, "output": 64 * sandbox.MEGABYTE}
PROGRAMS = {  # what a wrecked library might do, and the limit that ends it
    "memory": ("kept = bytearray(300 * 2**20)", 200 * sandbox.MEGABYTE),
    "seconds": ("import time\nwhile time.process_time() < 2: pass", 1),
    "output": ("import sys\nsys.stdout.buffer.write(bytes(2**20)); sys.stdout.flush()", 1000),
}


@pytest.mark.parametrize("limit", PROGRAMS)
def test_a_program_that_takes_more_than_it_is_given_is_ended_and_would_go_on_without_the_limit(limit, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAMS[limit][0])
    with pytest.raises(sandbox.Overrun):
        sandbox.run(program, b"", **ROOMY | {limit: PROGRAMS[limit][1]})
    assert set(sandbox.run(program, b"", **ROOMY)) <= {0}


def test_a_program_that_waits_for_ever_is_ended_by_the_clock(tmp_path):
    program = tmp_path / "program.py"
    program.write_text("import time\ntime.sleep(60)")
    begun = time.monotonic()
    with pytest.raises(sandbox.Overrun, match="stopped after 2 s"):
        sandbox.run(program, b"", **ROOMY | {"seconds": 1})
    assert time.monotonic() - begun < 10


def test_a_program_apart_is_told_none_of_the_portals_secrets(tmp_path):
    program = tmp_path / "program.py"
    program.write_text("import json, os, sys\njson.dump([dict(os.environ), sys.stdin.read()], sys.stdout)")
    environment, given = json.loads(sandbox.run(program, b"given", **ROOMY))
    assert environment.keys() <= {"LANG", "LC_CTYPE"} and given == "given"


def test_a_file_too_hard_to_inspect_is_refused_and_the_server_lives(monkeypatch):
    monkeypatch.setitem(files.LIMITS, "seconds", 1)
    assert refusal(BOMBS[NEEDS_LIMITS][1]()) == TOO_HARD
    assert inspect(picture()).content_type == "image/png"


# --- ClamAV ----------------------------------------------------------------------------------------------------------

HARM = b"% This is the pattern that the daemon of these tests calls harm"
INFECTED_PDF = document(b"<< /T (" + HARM + b") >>")


def serve(listener: socket.socket) -> None:
    """Speak the daemon's protocol until the listener is closed."""
    while True:
        try:
            asker, _ = listener.accept()
        except OSError:
            return
        with asker, asker.makefile("rb") as asked:
            command, content = bytearray(), b""
            while not command.endswith(b"\0"):
                command += asked.read(1)
            while command == b"zINSTREAM\0" and (length := struct.unpack(">I", asked.read(4))[0]):
                content += asked.read(length)
            found = b"Test-Harm.UNOFFICIAL FOUND" if HARM in content else b"OK"
            asker.sendall(b"PONG\0" if command == b"zPING\0" else b"stream: " + found + b"\0")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    """The path of a daemon's socket: ClamAV's own where it is installed, else a small one with its protocol."""
    folder = tmp_path_factory.mktemp("clamd")
    path = folder / "socket"
    if shutil.which("clamd"):
        (folder / "db").mkdir()
        (folder / "db" / "test.ndb").write_text(f"Test-Harm:0:*:{HARM.hex()}\n")
        conf = folder / "clamd.conf"
        conf.write_text(f"LocalSocket {path}\nDatabaseDirectory {folder}/db\nForeground yes\nUser root\n")
        running = subprocess.Popen(["clamd", "-c", conf], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 30
        while not path.exists() and time.monotonic() < end and running.poll() is None:
            time.sleep(0.1)
        yield str(path)
        running.terminate()
        running.wait(30)
    else:
        with closing(socket.socket(socket.AF_UNIX)) as listener:
            listener.bind(str(path))
            listener.listen()
            threading.Thread(target=serve, args=[listener], daemon=True).start()
            yield str(path)
            listener.shutdown(socket.SHUT_RDWR)


def test_a_virus_is_refused_and_a_clean_file_taken(daemon, settings):
    settings.CLAMD = daemon
    assert clamd.state() == "ok"
    assert refusal(INFECTED_PDF) == INFECTED
    assert inspect(pdf()).pages == 1
    settings.CLAMD = ""
    assert inspect(INFECTED_PDF).pages == 1  # so it was the daemon that refused it


def test_a_table_is_scanned_too_before_it_is_read(daemon, settings):
    template = Template("名单", 1, "", "名单", (Column("name", "姓名", "text"),))
    table = f"名单 第1版\n姓名\n{HARM.decode()}\n".encode()
    assert len(read_sheet(table, "a.csv", template).rows) == 1
    settings.CLAMD = daemon
    with pytest.raises(Refused, match=INFECTED):
        read_sheet(table, "a.csv", template)


@pytest.mark.parametrize("address", ["/nowhere/clamd.sock", "127.0.0.1:1"])
def test_a_daemon_that_does_not_answer_stops_uploads_and_shows(address, settings, client, db):
    settings.CLAMD = address
    assert refusal(pdf()) == NO_SCAN
    assert client.get("/healthz").json()["virus_scan"] == "unavailable"


@pytest.mark.parametrize("answer", [b"stream: OK with reservations\0", b"INSTREAM size limit exceeded. ERROR\0", b""])
def test_an_answer_that_is_neither_clean_nor_found_stops_the_upload(answer, settings):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings.CLAMD = f"127.0.0.1:{listener.getsockname()[1]}"

        def reply():
            asker, _ = listener.accept()
            with asker:
                asker.recv(10_000_000)
                asker.sendall(answer)

        thread = threading.Thread(target=reply)
        thread.start()
        assert refusal(pdf()) == NO_SCAN
        thread.join()


def test_without_a_daemon_it_shows_that_nothing_is_scanned(settings, client, db):
    settings.CLAMD = ""
    health = client.get("/healthz")
    assert (health.status_code, health.json()["virus_scan"]) == (200, "off")
    warned = [check for check in run_checks(include_deployment_checks=True) if check.id == "cqo_portal.W001"]
    assert len(warned) == 1 and "CQO_CLAMD" in warned[0].hint
    settings.CLAMD = "/run/clamav/clamd.ctl"
    assert not [check for check in run_checks(include_deployment_checks=True) if check.id == "cqo_portal.W001"]
