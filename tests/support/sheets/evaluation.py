"""A small calculator: the results of a spreadsheet's formulas, and the cells that they spill into."""

from __future__ import annotations

from typing import Any

from tests.support.sheets import formulas
from tests.support.sheets.a1 import Box
from tests.support.sheets.entering import error_name, error_value
from tests.support.sheets.errors import JSON, Key
from tests.support.sheets.formulas import Node
from tests.support.sheets.model import Sheet, Spreadsheet

Value = Any
"""A float, str, bool, None for an empty cell, a FormulaError, or a list of rows of these."""


class FormulaError(Exception):
    """A value such as #REF!: carried as a value, raised inside functions."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def results(spreadsheet: Spreadsheet) -> dict[int, dict[Key, JSON]]:
    """Effective values by sheet of all cells that do not simply show what was entered."""
    if spreadsheet.results is None:
        spreadsheet.results = Calculator(spreadsheet).run()
    return spreadsheet.results


def shown(spreadsheet: Spreadsheet, sheet: Sheet, key: Key) -> JSON | None:
    """The effective value of a cell; None if it is empty."""
    found = results(spreadsheet)[sheet.id].get(key)
    if found is not None:
        return found
    cell = sheet.cells.get(key)
    return cell.entered if cell and not cell.formula else None


def as_value(extended: JSON | None) -> Value:
    """An ExtendedValue as the calculator sees it."""
    if not extended:
        return None
    if "errorValue" in extended:
        return FormulaError(error_name(extended))
    return next(iter(extended.values()))


def as_extended(value: Value) -> JSON:
    if isinstance(value, FormulaError):
        return error_value(value.name)
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int | float):
        return {"numberValue": value}
    return {"stringValue": value} if value is not None else {"numberValue": 0}


class Calculator:
    """One full calculation; each formula once, in the order in which others need it."""

    def __init__(self, spreadsheet: Spreadsheet) -> None:
        self.spreadsheet = spreadsheet
        self._done: dict[int, dict[Key, JSON]] = {sheet.id: {} for sheet in spreadsheet.sheets}
        self._running: set[tuple[int, Key]] = set()

    def run(self) -> dict[int, dict[Key, JSON]]:
        for sheet in self.spreadsheet.sheets:
            for key, cell in sheet.cells.items():
                if cell.cached is not None:
                    self._done[sheet.id][key] = cell.cached
        for sheet in self.spreadsheet.sheets:
            for key, cell in list(sheet.cells.items()):
                if cell.formula:
                    self._calculate(sheet, key)
        return self._done

    def _calculate(self, sheet: Sheet, key: Key) -> None:
        if key in self._done[sheet.id]:
            return
        if (sheet.id, key) in self._running:
            self._done[sheet.id][key] = error_value("#REF!")
            return
        self._running.add((sheet.id, key))
        value = self._evaluate_cell(sheet, key)
        if isinstance(value, list):
            self._spill(sheet, key, value)
        else:
            self._done[sheet.id].setdefault(key, as_extended(value))

    def _evaluate_cell(self, sheet: Sheet, key: Key) -> Value:
        try:
            return self.evaluate(formulas.parse(sheet.cells[key].formula or "="), sheet, key)
        except formulas.FormulaSyntaxError:
            return FormulaError("#ERROR!")
        except FormulaError as error:
            return error
        except (ValueError, TypeError, IndexError, OverflowError):
            return FormulaError("#VALUE!")

    def _spill(self, sheet: Sheet, key: Key, rows: list[list[Value]]) -> None:
        places = {
            (key[0] + r, key[1] + c): value for r, row in enumerate(rows) for c, value in enumerate(row)
        }
        blocked = any(place != key and sheet.cell(place).entered for place in places)
        if not places or blocked:
            self._done[sheet.id][key] = error_value("#REF!" if blocked else "#N/A")
            return
        sheet.grow(max(r for r, _ in places) + 1, max(c for _, c in places) + 1)
        for place, value in places.items():
            if value is not None or place == key:
                self._done[sheet.id][place] = as_extended(value)

    def cell_value(self, sheet: Sheet, key: Key) -> Value:
        cell = sheet.cells.get(key)
        if cell and cell.formula:
            self._calculate(sheet, key)
        found = self._done[sheet.id].get(key)
        return as_value(found if found is not None else cell.entered if cell else None)

    def box_values(self, sheet: Sheet, box: Box) -> list[list[Value]]:
        """The values of a box; open and large ones only as far as there is data."""
        filled = sheet.filled()
        top, bottom, left, right = box.within(sheet.rows, sheet.columns).sides
        if box.bottom is None:
            bottom = max(top + 1, min(bottom, filled.sides[1]))
        if box.right is None:
            right = max(left + 1, min(right, filled.sides[3]))
        return [[self.cell_value(sheet, (r, c)) for c in range(left, right)] for r in range(top, bottom)]

    def place(self, node: Node, sheet: Sheet) -> tuple[Sheet, Box] | None:
        """The tab and box that a reference or a named range means; None for other nodes."""
        if node[0] == "range":
            target = sheet if node[1] is None else self.spreadsheet.titled(node[1])
            if target is None:
                raise FormulaError("#REF!")
            return target, node[2]
        if node[0] == "name":
            for named in self.spreadsheet.named_ranges:
                if named["name"].casefold() == node[1].casefold():
                    grid = named["range"]
                    box = Box(*(grid.get(side) for side in _SIDES))
                    return self.spreadsheet.sheet(grid.get("sheetId", 0)), box
            raise FormulaError("#NAME?")
        return None

    def evaluate(self, node: Node, sheet: Sheet, key: Key) -> Value:
        """The value of a node; a reference to several cells gives rows."""
        from tests.support.sheets import functions, operators  # they build on this module

        kind = node[0]
        if kind in ("number", "text", "bool"):
            return node[1]
        if kind == "error":
            return FormulaError(node[1])
        if kind == "blank":
            return None
        if kind in ("range", "name"):
            found = self.place(node, sheet)
            assert found is not None
            rows = self.box_values(*found)
            return rows[0][0] if len(rows) == 1 and len(rows[0]) == 1 else rows
        if kind == "array":
            return [[self.evaluate(item, sheet, key) for item in row] for row in node[1]]
        if kind == "call":
            return functions.call(self, node[1], node[2], sheet, key)
        operands = [self.evaluate(item, sheet, key) for item in node[1:] if isinstance(item, tuple)]
        return operators.operate(kind if kind != "op" else node[1], operands)


_SIDES = ("startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex")
