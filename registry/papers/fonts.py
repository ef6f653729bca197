"""Which fonts papers are set in, and small copies of them made at set-up.

A paper drawn from a whole CJK font costs three times the time of one drawn from its GB2312 part. ``make_subset`` keeps
that part of the best font of each role; characters beyond it (䶮, 㛃) come from the whole font through fontconfig.
"""

import fcntl
import io
import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path

import fontTools
from django.conf import settings
from fontTools import subset
from fontTools.pens.boundsPen import BoundsPen
from fontTools.ttLib import TTFont

RECIPE = 2  # raised whenever the way subsets are made changes
LIST_FORMAT = r"%{family}\t%{weight}\t%{slant}\t%{file}\t%{index}\n"
REGULAR, BOLD = 80, 200  # fontconfig's weights
# Unicode outside GB2312, or mapped elsewhere by its codec, that Chinese text still uses.
MARKS = "·—…‘’“”•‰℃№①②③④⑤⑥⑦⑧⑨⑩"
LATIN = " %*-./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ASCII = "".join(map(chr, range(0x20, 0x7F)))


class FontsMissing(Exception):
    """No usable font is installed for a role of official papers."""


@dataclass(frozen=True)
class Face:
    """One face of an installed font file, as fontconfig lists it."""

    families: tuple[str, ...]
    weight: float
    file: str
    index: int

    def open(self) -> TTFont:
        """The face itself, read lazily."""
        return TTFont(self.file, fontNumber=self.index & 0xFFFF, lazy=True)


@dataclass(frozen=True)
class Role:
    """What a font is used for: families wanted, best first, and the characters kept at set-up.

    ``bold`` families are taken at weight 700, all others at the weight they have.
    """

    name: str
    wanted: tuple[str, ...]
    characters: str
    fallback: str
    bold: tuple[str, ...] = ()


def gb2312(last_row: int) -> str:
    """Marks and characters of GB/T 2312 up to a row: 0xD7 ends level 1 (3,755), 0xF7 level 2 (6,763)."""
    codes = (bytes([row, cell]) for row in range(0xA1, last_row + 1) for cell in range(0xA1, 0xFF))
    return ASCII + MARKS + "".join(code.decode("gb2312", "ignore") for code in codes)


SERIF, SANS = "Noto Serif CJK SC", "Noto Sans CJK SC"
# Names must never be lost: they are set in GB2312 as a whole, headings and labels in its common half.
ROLES = (
    Role("latin", ("Times New Roman", "Liberation Serif", "DejaVu Serif", SERIF), LATIN, SERIF),
    Role("mono", ("Liberation Mono", "DejaVu Sans Mono", "Noto Sans Mono CJK SC"), ASCII, "DejaVu Sans Mono"),
    Role(
        "body",
        ("仿宋_GB2312", "FangSong", "STFangsong", "FandolFang", "LXGW WenKai Light", SERIF),
        gb2312(0xF7),
        SERIF,
    ),
    Role("kai", ("楷体_GB2312", "KaiTi", "STKaiti", "FandolKai", "LXGW WenKai", SERIF), gb2312(0xF7), SERIF),
    Role("hei", ("SimHei", "STHeiti", SANS), gb2312(0xD7), SANS),
    Role("title", ("方正小标宋简体", "FZXiaoBiaoSong-B05S", SERIF), gb2312(0xD7), SERIF, bold=(SERIF,)),
)
# A name with a character that the body font lacks is set whole in one of these: a single strange glyph is a blot.
NAME_FAMILIES = ("LXGW WenKai Light", "LXGW WenKai", SERIF)


def own_folder(target_dir: Path) -> Path:
    """Where an office puts font files of its own (licensed 仿宋 and 小标宋, or Fandol) without installing them."""
    return target_dir / "own"


def installed(target_dir: Path) -> list[Face]:
    """Faces known to fontconfig and those in the office's own folder. Raises FontsMissing without fontconfig."""
    own = own_folder(target_dir)
    commands = [["fc-list", "--format", LIST_FORMAT]]
    if own.is_dir():
        commands.append(["fc-scan", "--format", LIST_FORMAT, str(own)])
    try:
        listed = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for command in commands]
    except FileNotFoundError as error:
        raise FontsMissing("fontconfig is not installed (Debian package: fontconfig)") from error
    faces = []
    for line in "".join(listed).splitlines():
        families, weight, slant, file, index = line.split("\t")
        # A variable font lists a range of weights, written [100 900]: not a single face that could be taken.
        is_single = weight.replace(".", "", 1).isdigit()
        if is_single and slant == "0" and file.lower().endswith((".ttf", ".otf", ".ttc")):
            faces.append(Face(tuple(families.split(",")), float(weight), file, int(index)))
    # Sorted, so that the choice does not hang on the order in which fontconfig walks its folders.
    return sorted(faces, key=lambda face: (face.file, face.index))


def choose(role: Role, faces: Iterable[Face]) -> Face:
    """The best installed face for a role. Raises FontsMissing naming the families that would do."""
    faces = list(faces)
    for family in role.wanted:
        alike = [face for face in faces if family in face.families]
        if family in role.bold:
            alike = [face for face in alike if face.weight == BOLD]
        if alike:
            return min(alike, key=lambda face: abs(face.weight - REGULAR))
    raise FontsMissing(f"no font for {role.name}: install one of {', '.join(role.wanted)}")


def make_subset(target_dir: Path) -> None:
    """Make the subset fonts under ``target_dir``; nothing happens when they are up to date.

    Safe to call from several processes at once. Raises FontsMissing. Takes about half a minute the first time.
    """
    target_dir.mkdir(parents=True, exist_ok=True)
    faces = installed(target_dir)
    chosen = {role: choose(role, faces) for role in ROLES}
    stamp = [RECIPE, fontTools.version] + [
        [role.name, role.characters, face.file, face.index, Path(face.file).stat().st_size]
        for role, face in chosen.items()
    ]
    with open(target_dir / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        manifest = target_dir / "faces.json"
        if manifest.exists() and json.loads(manifest.read_text()).get("stamp") == stamp:
            return
        made: dict[tuple[Face, str], str] = {}
        for role, face in chosen.items():
            key = (face, role.characters)
            if key not in made:
                made[key] = f"{role.name}.otf"
                _write_subset(face, role, target_dir / made[key])
        files = {role.name: made[face, role.characters] for role, face in chosen.items()}
        partial = manifest.with_suffix(".partial")
        partial.write_text(json.dumps({"stamp": stamp, "files": files}, ensure_ascii=False))
        partial.rename(manifest)


def _write_subset(face: Face, role: Role, path: Path) -> None:
    options = subset.Options(
        layout_features=[],  # no kerning, no ligatures: widths are exactly what the line setter counts
        hinting=False,
        drop_tables=["GSUB", "GPOS", "GDEF", "BASE", "kern", "vhea", "vmtx", "VORG", "DSIG", "FFTM", "meta"],
        notdef_outline=True,
        name_languages=["*"],
    )
    font = face.open()
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=role.characters)
    subsetter.subset(font)
    # A name of its own: were it still called like the whole font, a search for that one could end here.
    source = font["name"].getDebugName(6) or role.name
    font["name"].names = []
    for name_id, value in (
        (1, f"Paper {role.name}"),
        (2, "Regular"),
        (4, f"Paper {role.name}"),
        (6, f"Paper-{source}"),
    ):
        font["name"].setName(value, name_id, 3, 1, 0x409)
    if "CFF " in font:
        font["CFF "].cff.fontNames = [f"Paper-{source}"]
    # Without a new date, subsets made twice are the same bytes.
    font.recalcTimestamp = False
    partial = path.with_suffix(".partial")
    font.save(partial)
    _number_by_place(partial)
    partial.rename(path)


def _number_by_place(path: Path) -> None:
    """Give each glyph of a CID-keyed font the CID of its place in the font, by which a PDF names it."""
    font = TTFont(path, lazy=True, recalcTimestamp=False)
    top = font["CFF "].cff[0] if "CFF " in font else None
    if not hasattr(top, "ROS"):
        return
    places = range(1, len(top.charset))
    glyphs = [".notdef", *(f"cid{place:05}" for place in places)]
    top.CharStrings.charStrings = {glyphs[place]: place for place in (0, *places)}
    top.charset, top.ROS = glyphs, ("Adobe", "Identity", 0)
    whole = io.BytesIO()
    font.save(whole)
    path.write_bytes(whole.getvalue())


@lru_cache(maxsize=64)  # the same few letterheads, of which each would open the font anew
def _ink(file: bytes, text: str) -> tuple[float, float]:
    font = TTFont(io.BytesIO(file), lazy=True)
    glyphs, names, em = font.getGlyphSet(), font.getBestCmap(), font["head"].unitsPerEm
    boxes = []
    for character in text:
        pen = BoundsPen(glyphs)
        if ord(character) in names:
            glyphs[names[ord(character)]].draw(pen)
        if pen.bounds:
            boxes.append(pen.bounds)
    if not boxes:
        return 0.0, 1.0
    # The line box is centred on what the face says is its height; ink is counted from its base line.
    ascent, descent = font["hhea"].ascent, font["hhea"].descent
    base = (em + ascent + descent) / 2
    return (base - max(box[3] for box in boxes)) / em, (base - min(box[1] for box in boxes)) / em


@dataclass(frozen=True)
class FontSet:
    """The subset fonts of one folder, in memory."""

    files: dict[str, bytes]

    @cached_property
    def _widths(self) -> dict[str, float]:
        """Width in em of each character of body text; Latin letters and digits come from the Latin face."""
        widths: dict[str, float] = {}
        for role in ("body", "latin"):
            widths |= _widths(self.files[role])
        return widths

    def advance(self, character: str) -> float:
        """Width of a character in body text, in em; one beyond the subset is a full-width one."""
        return self._widths.get(character, 1.0)

    def width(self, text: str) -> float:
        """Width of a text in em."""
        return sum(map(self.advance, text))

    def name_class(self, name: str) -> str:
        """CSS class of a name: ``whole`` when the body font lacks one of its characters."""
        return "" if all(character in self._widths for character in name) else "whole"

    @cached_property
    def _printable(self) -> frozenset[str]:
        """Every character that the faces of names hold; read once, a few tenths of a second."""
        faces = [face for face in installed(Path(settings.FONTS_DIR)) if set(face.families) & set(NAME_FAMILIES)]
        return frozenset(chr(code) for face in faces for code in face.open().getBestCmap()) | set(self._widths)

    def unprintable(self, text: str) -> list[str]:
        """The characters of a text that no font of papers holds; in their place a paper would show a box."""
        beyond = [character for character in dict.fromkeys(text) if character not in self._widths]
        return [character for character in beyond if character not in self._printable]

    def ink(self, role: str, text: str) -> tuple[float, float]:
        """Where the ink of a text in a role's face begins and ends, in em below the top of a line box 1 em high.

        Characters beyond the subset are left out: they are set in another face. (0, 1) when none is left.
        """
        return _ink(self.files[role], text)

    @property
    def face_rules(self) -> str:
        """``@font-face`` rules for the subset fonts, by addresses that only the renderer's own fetcher knows."""
        return "".join(
            f'@font-face{{font-family:"Paper {name}";src:url("paper-font:{name}")}}\n' for name in self.files
        )

    @property
    def variables(self) -> str:
        """One CSS variable a role, each a font stack that ends in the whole font."""
        rules = [f"--{role.name}:{self._stack(role)}" for role in ROLES]
        rules.append("--name:" + ",".join(f'"{family}"' for family in NAME_FAMILIES) + ",serif")
        return ":root{" + ";".join(rules) + "}"

    def _stack(self, role: Role) -> str:
        latin = [] if role.name in ("latin", "mono", "hei", "title") else ['"Paper latin"']
        return ",".join([*latin, f'"Paper {role.name}"', f'"{role.fallback}"', "serif"])


def _widths(font_file: bytes) -> dict[str, float]:
    font = TTFont(io.BytesIO(font_file), lazy=True)
    metrics, em = font["hmtx"], font["head"].unitsPerEm
    return {chr(code): metrics[glyph][0] / em for code, glyph in font.getBestCmap().items()}


@cache
def load() -> FontSet:
    """The font set of this installation, made first where it is missing or old. Raises FontsMissing."""
    folder = Path(settings.FONTS_DIR)
    make_subset(folder)
    files = json.loads((folder / "faces.json").read_text())["files"]
    return FontSet({name: (folder / file).read_bytes() for name, file in files.items()})
