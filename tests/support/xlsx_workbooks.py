"""Workbooks for tests, made on the spot: rich ones as Excel writes them, and what XlsxWriter cannot make.

The pivot table, the x14 validation, the shared formula and the unknown extension are put into the
finished package as XML, since no writer at hand makes them.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

NS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
X14 = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"
XM = "http://schemas.microsoft.com/office/excel/2006/main"
CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def plain_workbook(path: Path) -> Path:
    """Two tabs with every kind of cell; « Structures » has a title line above its headings."""
    book = xlsxwriter.Workbook(path)
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    hour = book.add_format({"num_format": "hh:mm"})
    sheet = book.add_worksheet("Structures")
    sheet.write("A1", "Réseau du département")
    sheet.write_row("A2", ["Réf.", "Nom", "Téléphone", "Heures", "Depuis", "Active", "Heure", "Double"])
    for row in range(2, 6):
        sheet.write_string(row, 0, f"STR-00{row - 1}")
        sheet.write_string(row, 1, f"Structure {row - 1}")
        sheet.write_string(row, 2, f"06123456{row:02}")
        sheet.write_number(row, 3, row + 0.5)
        sheet.write_datetime(row, 4, date(2026, 9, row), day)
        sheet.write_boolean(row, 5, row % 2 == 0)
        sheet.write_number(row, 6, 0.75, hour)
        sheet.write_formula(row, 7, f"=D{row + 1}*2", None, 2 * row + 1)
    book.add_worksheet("Suivi de l’année (2)")
    book.close()
    return path


def rich_workbook(path: Path, *, date_1904: bool = False) -> Path:
    """Make a workbook with nearly all that a sheet can carry; its first tab is « Structures »."""
    book = xlsxwriter.Workbook(path, {"date_1904": date_1904, "default_date_format": "dd/mm/yyyy"})
    _structures(book)
    _computed(book)
    _objects(book, path)
    book.add_chartsheet("Graphique").set_chart(_chart(book))
    _empty_and_hidden(book)
    book.define_name("NOMS", "=Structures!$B$3:$B$12")
    book.define_name("Calculs!local", "=Calculs!$A$1")
    book.close()
    sheets = "xl/worksheets/"
    patch_parts(path, {f"{sheets}sheet1.xml": _x14_validation, f"{sheets}sheet2.xml": _shared_formula})
    _add_pivot(path)
    return path


def _structures(book: Any) -> None:
    sheet = book.add_worksheet("Structures")
    bold = book.add_format({"bold": True, "bg_color": "#DDEEFF", "border": 1, "locked": True})
    red = book.add_format({"font_color": "red", "italic": True})
    money = book.add_format({"num_format": '#,##0.00 "€"', "font_name": "Georgia"})
    day = book.add_format({"num_format": "yyyy\\-mm\\-dd", "bg_color": "#FFFF00"})
    sheet.merge_range("A1:F1", "Réseau des Promeneurs du Net", bold)
    headings = ["Réf.", "Nom", "Courriel", "Téléphone", "Montant", "Depuis", "Statut", "Tendance"]
    sheet.write_row("A2", headings, bold)
    for row in range(2, 12):
        sheet.write(row, 0, f"STR-{row - 1:03}")
        sheet.write(row, 1, f"Structure n° {row - 1} & Cie", red if row % 3 == 0 else None)
        sheet.write_string(row, 2, f"s{row - 1}@structures.example")
        sheet.write_string(row, 3, f"06 12 34 56 {row:02}")
        sheet.write_number(row, 4, 12.5 * row, money)
        sheet.write_datetime(row, 5, date(2026, 9, row), day)
        sheet.write(row, 6, "Dans le réseau")
        sheet.write_formula(row, 8, f"=E{row + 1}*2", money, 25 * row)
    sheet.write_rich_string("J3", "du ", bold, "gras", " et ", red, "du rouge")
    sheet.write_blank("K3", None, day)
    sheet.write_comment("B4", "Appeler le matin", {"author": "Coordination"})
    sheet.data_validation("G3:G200", {"validate": "list", "source": ["Dans le réseau", "Sortie du réseau"]})
    sheet.conditional_format("E3:E12", {"type": "data_bar", "data_bar_2010": True, "bar_solid": True})
    left = {"type": "text", "criteria": "containing", "value": "Sortie", "format": red}
    sheet.conditional_format("G3:G12", left)
    sheet.add_sparkline("H3", {"range": "Structures!E3:E12", "type": "column"})
    sheet.autofilter("A2:I12")
    sheet.filter_column("G", 'x == "Dans le réseau"')
    sheet.set_row(6, 30, None, {"hidden": True})
    sheet.set_column("L:M", 20, money, {"hidden": True, "level": 1})
    sheet.freeze_panes(2, 1)
    sheet.set_landscape()
    sheet.repeat_rows(0, 1)
    sheet.set_header("&LTournée&R&D")
    sheet.set_h_pagebreaks([8])
    sheet.write_url("B14", "https://structures.example/", string="Le site")
    sheet.protect("", {"autofilter": True})


def _computed(book: Any) -> None:
    sheet = book.add_worksheet("Calculs")
    headings = ["x", "2x", "matrice", "débordement", "erreur", "vrai", "heure", "durée", "jours", "vide"]
    sheet.write_row("A1", headings)
    for row in range(1, 6):
        sheet.write_number(row, 0, row)
    sheet.write_array_formula("C2:C4", "{=A2:A4*10}", None, 10)
    sheet.write_dynamic_array_formula("D2:D6", "=_xlfn._xlws.SORT(A2:A6)", None, 1)
    sheet.write_formula("E2", "=1/0", None, "#DIV/0!")
    sheet.write_boolean("F2", True)
    sheet.write_number("G2", 0.5, book.add_format({"num_format": "h:mm"}))
    sheet.write_number("H2", 1.25, book.add_format({"num_format": "[h]:mm"}))
    sheet.write_number("I2", 3, book.add_format({"num_format": '0 "jours d\'été"'}))
    sheet.write_formula("J2", '=IF(A2=1,"","x")', None, "")


def _objects(book: Any, path: Path) -> None:
    sheet = book.add_worksheet("Objets")
    sheet.write_row("A1", ["Mois", "Heures"])
    for row, month in enumerate(("Janvier", "Février", "Mars"), start=1):
        sheet.write_row(row, 0, [month, row * 7])
    sheet.add_table("D1:E4", {"name": "Suivi", "columns": [{"header": "Thème"}, {"header": "Nombre"}]})
    sheet.insert_chart("G2", _chart(book))
    picture = path.with_suffix(".png")
    picture.write_bytes(_png())
    sheet.insert_image("G20", picture, {"url": "https://structures.example/", "description": "logo"})
    sheet.insert_textbox("J20", "Une forme avec du texte", {"fill": {"color": "#FFEE00"}})
    sheet.insert_button("L20", {"macro": "lancer", "caption": "Lancer"})
    sheet.set_background(picture)
    sheet.set_header("&C&G", {"image_center": picture})


def _empty_and_hidden(book: Any) -> None:
    book.add_worksheet("Vide")
    hidden = book.add_worksheet("Cachée")
    hidden.write("A1", "secret")
    hidden.hide()


def _chart(book: Any) -> Any:
    chart = book.add_chart({"type": "line"})
    chart.add_series({"values": "=Objets!$B$2:$B$4", "categories": "=Objets!$A$2:$A$4"})
    chart.set_title({"name": "Heures"})
    return chart


def _png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\x20\x80\xc0" * 8) * 8)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def patch_parts(
    path: Path, changes: dict[str, Callable[[bytes], bytes]], added: dict[str, bytes] | None = None
) -> None:
    """Rewrite some parts of a finished package and add others."""
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    for name, change in changes.items():
        parts[name] = change(parts[name])
    parts.update(added or {})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            package.writestr(name, data)


def replaced(old: str, new: str) -> Callable[[bytes], bytes]:
    """A change for `patch_parts`; the old text must be there, once or more."""

    def change(part: bytes) -> bytes:
        assert old.encode() in part, old
        return part.replace(old.encode(), new.encode(), 1)

    return change


def _x14_validation(part: bytes) -> bytes:
    extension = (
        f'<ext xmlns:x14="{X14}" uri="{{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}}"><x14:dataValidations '
        f'xmlns:xm="{XM}" count="1"><x14:dataValidation type="list" allowBlank="1"><x14:formula1><xm:f>'
        "Objets!$A$2:$A$4</xm:f></x14:formula1><xm:sqref>J4:J12</xm:sqref></x14:dataValidation>"
        "</x14:dataValidations></ext>"
    )
    head, tail = part.rsplit(b"<extLst>", 1)
    return head + b"<extLst>" + extension.encode() + tail


def _shared_formula(part: bytes) -> bytes:
    for row in range(2, 7):
        formula = '<f t="shared" ref="B2:B6" si="0">A2*2</f>' if row == 2 else '<f t="shared" si="0"/>'
        old = f'<c r="A{row}"><v>{row - 1}</v></c>'
        part = replaced(old, old + f'<c r="B{row}">{formula}<v>{2 * (row - 1)}</v></c>')(part)
    return part


def _add_pivot(path: Path) -> None:
    cache = (
        f'<pivotCacheDefinition xmlns="{NS}" xmlns:r="{RELS}" refreshOnLoad="1" recordCount="0">'
        '<cacheSource type="worksheet"><worksheetSource ref="A1:B4" sheet="Objets"/></cacheSource>'
        '<cacheFields count="2"><cacheField name="Mois" numFmtId="0"><sharedItems/></cacheField>'
        '<cacheField name="Heures" numFmtId="0"><sharedItems/></cacheField></cacheFields>'
        "</pivotCacheDefinition>"
    )
    table = (
        f'<pivotTableDefinition xmlns="{NS}" name="Croisé" cacheId="1" dataCaption="Valeurs">'
        '<location ref="A10:B14" firstHeaderRow="1" firstDataRow="1" firstDataCol="1"/>'
        '<pivotFields count="2"><pivotField axis="axisRow" showAll="0"><items count="1"><item t="default"/>'
        '</items></pivotField><pivotField dataField="1" showAll="0"/></pivotFields>'
        '<rowFields count="1"><field x="0"/></rowFields>'
        '<dataFields count="1"><dataField name="Somme" fld="1"/></dataFields></pivotTableDefinition>'
    )
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f"{_relationship('pivotCacheDefinition', '../pivotCache/pivotCacheDefinition1.xml')}</Relationships>"
    )
    types = (
        f'<Override PartName="/xl/pivotCache/pivotCacheDefinition1.xml" ContentType="{CONTENT}'
        '.pivotCacheDefinition+xml"/><Override PartName="/xl/pivotTables/pivotTable1.xml" '
        f'ContentType="{CONTENT}.pivotTable+xml"/></Types>'
    )
    end = "</Relationships>"
    from_book = _relationship("pivotCacheDefinition", "pivotCache/pivotCacheDefinition1.xml")
    from_sheet = _relationship("pivotTable", "../pivotTables/pivotTable1.xml")
    changes = {
        "[Content_Types].xml": replaced("</Types>", types),
        "xl/workbook.xml": _declare_pivot_cache,
        "xl/_rels/workbook.xml.rels": replaced(end, from_book + end),
        "xl/worksheets/_rels/sheet3.xml.rels": replaced(end, from_sheet + end),
    }
    added = {
        "xl/pivotCache/pivotCacheDefinition1.xml": cache.encode(),
        "xl/pivotTables/pivotTable1.xml": table.encode(),
        "xl/pivotTables/_rels/pivotTable1.xml.rels": relations.encode(),
    }
    patch_parts(path, changes, added)


def _declare_pivot_cache(part: bytes) -> bytes:
    head, tail = part.split(b"<calcPr", 1)
    properties, tail = tail.split(b"/>", 1)
    caches = b'<pivotCaches><pivotCache cacheId="1" r:id="rIdPivot"/></pivotCaches>'
    return head + b"<calcPr" + properties + b"/>" + caches + tail


def _relationship(kind: str, target: str) -> str:
    return f'<Relationship Id="rIdPivot" Type="{RELS}/{kind}" Target="{target}"/>'
