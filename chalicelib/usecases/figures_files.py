"""Figures to take away: the page's tables as CSV and as an Excel workbook, in the bucket behind a link of minutes.

Every file goes that one way, small ones too: nothing has to be known about sizes, and the browser gets a name for it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.casework.figures_count import Rate
from chalicelib.errors import Unknown
from chalicelib.ports import Lists
from chalicelib.usecases.context import Context
from chalicelib.usecases.register_digest import safe

if TYPE_CHECKING:
    from chalicelib.usecases.figures import Report

Cell = str | int | float | Rate | None
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# What Excel allows in a sheet's name.
NAME_MAX, NOT_IN_NAMES = 31, str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


@dataclass(frozen=True)
class Sheet:
    """`rows` begin with the heads; a share is a number up to 1, and nothing where there is nothing to divide by."""

    name: str
    rows: Sequence[Sequence[Cell]]


def link(ctx: Context, lists: Lists, found: Report, kind: str, sheets: Sequence[Sheet]) -> str:
    """Writes the file and returns where it can be fetched. Raises `Unknown("page")` for a kind that is not written."""
    if kind not in TYPES:
        raise Unknown("page")
    body = csv_of(sheets) if kind == "csv" else xlsx_of(sheets)
    until = found.period.first.isoformat(), (found.period.last - timedelta(days=1)).isoformat()
    # The key can't be guessed, and the same figures at the same time are the same file.
    mac = ctx.keys.mac("figures", found.unit, *until, found.at.isoformat(), kind, body).hex()[:32]
    lists.put(f"figures/{mac}.{kind}", body, TYPES[kind])
    return lists.url(f"figures/{mac}.{kind}", f"figures-{'-'.join(until)}.{kind}")


def _cell(value: Cell) -> str | int | float | None:
    """Words that a spreadsheet would take for a formula are marked as words; numbers stay numbers."""
    if isinstance(value, Rate):
        return None if value.value is None else round(value.value, 4)
    return safe(value) if isinstance(value, str) else value


def csv_of(sheets: Sequence[Sheet]) -> bytes:
    """All tables below each other, each under its name: UTF-8 with its mark, as Excel reads it."""
    out = io.StringIO()
    writer = csv.writer(out)
    for number, sheet in enumerate(sheets):
        writer.writerows([[], [safe(sheet.name)]] if number else [[safe(sheet.name)]])
        writer.writerows([["" if _cell(value) is None else _cell(value) for value in row] for row in sheet.rows])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def xlsx_of(sheets: Sequence[Sheet]) -> bytes:
    """A sheet for each table. Words are written as words: no cell is ever a formula or a link."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    bold, share = book.add_format({"bold": True}), book.add_format({"num_format": "0.0%"})
    for sheet in sheets:
        page = book.add_worksheet(sheet.name.translate(NOT_IN_NAMES).strip()[:NAME_MAX])
        page.set_column(0, 0, 28)
        for line, row in enumerate(sheet.rows):
            for place, value in enumerate(row):
                made = _cell(value)
                if isinstance(made, str):
                    page.write_string(line, place, made, bold if line == 0 else None)
                elif made is not None:
                    page.write_number(line, place, made, share if isinstance(value, Rate) else None)
    book.close()
    return out.getvalue()
