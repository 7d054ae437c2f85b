"""A list of orders as other systems export it: CSV in UTF-8 or GB18030, headed in Chinese or English, with dates as people write.

Every line stands for itself. What is wrong with one (bytes of another encoding, a quotation mark that never ends, a column too
few) costs that row and no other; `read` yields each row as an order or as the reason why it is none, under the number of the
line where it begins.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from chalicelib.casework.orders import Order

MAX_BYTES = 20_000_000
ROWS_MAX = 50_000
# A text of several lines is fine; a quotation mark that was never closed must not swallow the rest of the file.
LINES_MAX = 40
HEADS: dict[str, tuple[str, ...]] = {
    "external": (
        "工单编号",
        "工单号",
        "受理编号",
        "信访编号",
        "信访件编号",
        "派单编号",
        "编号",
        "external",
        "number",
        "order",
        "order no",
    ),
    "text": ("诉求内容", "反映内容", "问题描述", "诉求描述", "信访内容", "内容", "text", "content", "description"),
    "place": ("点位编号", "门牌码号", "点位", "place", "place id"),
    "committee": ("居委会", "居委", "所属居委", "committee"),
    "community": ("小区", "所属小区", "community"),
    "address": ("发生地址", "诉求地址", "事发地址", "详细地址", "地址", "address"),
    "phone": ("联系电话", "来电号码", "手机号码", "手机号", "电话", "phone"),
    "name": ("诉求人", "来电人", "信访人", "姓名", "name"),
    "category": ("诉求类别", "类别", "分类", "category"),
    "case_class": ("办理类型", "class"),
    "received": ("受理时间", "来电时间", "登记时间", "派单时间", "信访日期", "受理日期", "日期", "received", "date"),
}
NEEDED = ("external", "text")
_BY_NAME = {name: field for field, names in HEADS.items() for name in names}
# A cell that a spreadsheet would take for a formula is typed after an apostrophe, by ours and by other systems.
_FORMULA = re.compile(r"^\s*[=+\-@＝＋－＠\t\r\n\0]")
_DATES = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H:%M",
    "%Y年%m月%d日%H时%M分",
    "%Y年%m月%d日",
    "%Y%m%d%H%M%S",
    "%Y%m%d",
)
# How files begin that spreadsheets open although they are no CSV: workbooks, new and old, and web pages that are called .xls.
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"<")
# Days since 1899-12-30, as spreadsheets keep them.
_SERIAL = re.compile(r"[3-5][0-9]{4}(\.[0-9]+)?")


class Unreadable(Exception):
    """No row of it can be read: `why` is a code, `where` what was found instead."""

    def __init__(self, why: str, where: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.where = where


@dataclass(frozen=True)
class Row:
    """`line` counts from 1, the heading's line included. Either an order, or `why` it is none, in the column `column`."""

    line: int
    order: Order | None = None
    why: str = ""
    external: str = ""


def read(raw: bytes, tz: ZoneInfo) -> Iterator[Row]:
    """Every row of the file that is not empty. Raises `Unreadable` when its heading is none."""
    lines, broken = _lines(raw)
    if not any(line.strip() for line in lines):
        raise Unreadable("empty")
    first = next(number for number, line in enumerate(lines) if line.strip())
    mark = "\t" if lines[first].count("\t") > lines[first].count(",") else ","
    heading = _fields(lines[first], mark) or []
    columns = [_BY_NAME.get(_plain(name).lower()) for name in heading]
    if not set(NEEDED) <= set(columns) or len(columns) != len(heading):
        raise Unreadable("heading", ", ".join(heading)[:200])
    doubled = {name for name in columns if name and columns.count(name) > 1}
    if doubled:
        raise Unreadable("heading_twice", ", ".join(sorted(doubled)))
    number, count = first + 1, 0
    while number < len(lines):
        if not lines[number].strip():
            number += 1
            continue
        count += 1
        if count > ROWS_MAX:
            yield Row(number + 1, why="too_many")
            return
        found, used = _record(lines, number, mark, columns)
        if broken & set(range(number, number + used)):
            yield Row(number + 1, why="encoding")
        elif isinstance(found, str):
            yield Row(number + 1, why=found)
        elif any(cell.strip() for cell in found):
            yield _order(number + 1, dict(zip(columns, found, strict=True)), tz)
        number += used


def _lines(raw: bytes) -> tuple[list[str], set[int]]:
    """The file's lines, and the numbers of those (from 0) whose bytes are not in the encoding of the heading."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable("utf16")
    if raw.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(_WORKBOOKS):
        raise Unreadable("workbook")
    pieces = raw.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    encoding = "utf-8" if _fits(pieces, "utf-8") or not _fits(pieces, "gb18030") else "gb18030"
    lines, broken = [], set()
    for number, piece in enumerate(pieces):
        try:
            text = piece.decode(encoding)
        except UnicodeDecodeError:
            text = piece.decode(encoding, "replace")
            broken.add(number)
        if "\x00" in text:
            broken.add(number)
        lines.append(text)
    return lines, broken


def _fits(pieces: list[bytes], encoding: str) -> bool:
    """Whether the heading is one of ours in that encoding; what follows is judged line by line."""
    first = next((piece for piece in pieces if piece.strip()), b"")
    try:
        names = first.decode(encoding)
    except UnicodeDecodeError:
        return False
    # Some programs put every cell between quotation marks.
    return any(_plain(name.strip().strip('"')).lower() in _BY_NAME for name in re.split(r"[,\t]", names))


def _fields(text: str, mark: str) -> list[str] | None:
    """The cells of one record; None when it does not end here."""
    try:
        # With a space behind the separator, a quotation mark would be one of the text and end it at its first comma.
        rows = list(csv.reader([text], delimiter=mark, strict=True, skipinitialspace=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _record(lines: list[str], number: int, mark: str, columns: Sequence[str | None]) -> tuple[list[str] | str, int]:
    """The record that begins at that line, and how many lines it takes; a reason when it is none, and then only its own line."""
    text, wide = "", len(columns)
    for used in range(1, min(LINES_MAX, len(lines) - number) + 1):
        text = f"{text}\n{lines[number + used - 1]}" if used > 1 else lines[number]
        found = _fields(text, mark)
        if found is not None:
            found = found[:wide] if not any(cell.strip() for cell in found[wide:]) else found
            if not any(columns[len(found) :]):
                # Spreadsheets leave out separators where the last columns are empty for some rows; of these we read nothing.
                found += [""] * (wide - len(found))
            if len(found) == wide:
                return found, used
            return ("columns_few" if len(found) < wide else "columns_many"), 1
        if text.count('"') % 2 == 0:
            break
    return "quotes", 1


def _plain(cell: str) -> str:
    """A cell without the ways in which spreadsheets keep numbers and formulas as text: `="123"`, a leading apostrophe."""
    text = cell.strip().replace("\ufeff", "")
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1]
    return text.removeprefix("'").strip()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _order(line: int, cells: dict[str | None, str], tz: ZoneInfo) -> Row:
    known = {name: _plain(cell) for name, cell in cells.items() if name is not None}
    received = _date(known.get("received", ""), tz)
    external = known["external"]
    if received is None:
        return Row(line, why="date", external=external)
    return Row(line, Order(**{**known, "received": received}), external=external)


def _date(typed: str, tz: ZoneInfo) -> str | None:
    """ISO with its offset; "" for nothing, None for no date. What has no offset is in the street's own time."""
    text = typed.replace("/", "-").replace(".", "-", 2) if re.match(r"[0-9]{4}[/.]", typed) else typed
    if not text:
        return ""
    if _SERIAL.fullmatch(text):
        from datetime import timedelta

        return (datetime(1899, 12, 30, tzinfo=tz) + timedelta(days=float(text))).isoformat()
    for form in _DATES:
        try:
            return datetime.strptime(text, form).replace(tzinfo=tz).isoformat()
        except ValueError:
            continue
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=tz)).isoformat()
