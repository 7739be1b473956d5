"""Rows that are held because nobody can tell whose they are: their `Réf.` is shared, changed or astray."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from workflows.core import rows, words
from workflows.core.french import join
from workflows.core.problems import Problem
from workflows.core.tables import Row, Table
from workflows.core.words import Tab

Written = Callable[[str], bool]
"""Whether mail ever left for a `Réf.`."""

_LEFT = frozenset(map(rows.fold, (words.SENT, words.REFUSED, words.SENDING, words.UNCERTAIN)))


@dataclass(slots=True)
class Holding:
    """Takes the rows that cannot be told apart out of `refs` and says in `held` why."""

    tab: Tab
    table: Table
    refs: dict[int, str]
    held: dict[int, Problem]
    says: Mapping[int, str] = field(default_factory=dict)
    """By row, what it is about now."""

    def _hold(self, row: Row, what: str, remedy: str) -> None:
        self.refs.pop(row.number, None)
        self.held[row.number] = Problem(self.table.where(row, "Réf."), what, remedy)

    def twins(self) -> None:
        """Rows that share a `Réf.`: nobody knows which one is meant."""
        bearers: dict[str, list[Row]] = {}
        for row in self.table.rows:
            if row.number in self.refs:
                bearers.setdefault(rows.fold(self.refs[row.number]), []).append(row)
        mend = (
            "Gardez-la sur la bonne ligne et videz-la sur les autres : une nouvelle leur sera donnée."
            if self.tab.prefix
            else "Gardez-la sur la bonne ligne et donnez-en une autre aux autres."
        )
        for shared in bearers.values():
            lines = ", ".join(str(row.number) for row in shared)
            for row in shared if len(shared) > 1 else ():
                ref = self.refs[row.number]
                self._hold(row, f"La Réf. « {ref} » est portée par plusieurs lignes ({lines}).", mend)

    def renamed(self, known: Mapping[str, str], written: Written) -> None:
        """A row that bore another `Réf.` when mail left for it: under a new one all would leave again."""
        borne = set(self.refs.values())
        gone = {what: ref for ref, what in known.items() if what and ref not in borne}
        for row in self.table.rows if gone else ():
            ref = self.refs.get(row.number)
            former = gone.get(self.says[row.number]) if ref and ref not in known else None
            if former and written(former):
                self._hold(
                    row,
                    f"Cette ligne portait la Réf. « {former} », sous laquelle des messages sont partis :"
                    f" sous « {ref} », tout repartirait.",
                    f"Remettez « {former} ». Si c'est autre chose, changez son nom ou son titre.",
                )

    def strayed(self, known: Mapping[str, str], written: Written) -> None:
        """Rows whose person is known under another `Réf.` that mail left for, and those that bear it now.

        Names were sorted without their `Réf.`, or it stayed with the wrong one of two copies. While they
        are held what is known of them stays as it was, and tells when they are mended.
        """
        bearers = {ref: number for number, ref in self.refs.items()}
        moved = {ref: n for ref, n in bearers.items() if known.get(ref) and known[ref] != self.says[n]}
        away = self._away(known, bearers, moved) if moved else {}
        if not any(map(written, dict.fromkeys(away.values()))):
            return
        whose = {what: what.replace("|", " ") for what in known.values()}
        whose |= {what: self._named(row) for row in self.table.rows if (what := self.says[row.number])}
        sought = {former: number for number, former in away.items()}
        for row in self.table.rows:
            ref = self.refs.get(row.number, "")
            if row.number in away:
                self._hold_away(row, whose[known[ref]] if ref in known else "", away[row.number], bearers)
            elif ref in moved and ref in sought:
                self._hold(
                    row,
                    f"Cette ligne porte la Réf. « {ref} », qui était celle de {whose[known[ref]]}"
                    f" (ligne {sought[ref]}).",
                    f"Remettez « {ref} » à la ligne {sought[ref]}, pour que rien ne parte deux fois,"
                    " et videz-la ici : une nouvelle sera donnée à cette ligne.",
                )

    def _away(
        self, known: Mapping[str, str], bearers: Mapping[str, int], moved: Iterable[str]
    ) -> dict[int, str]:
        """By row, the `Réf.` that its person is known under, where another row bears it or none does.

        A person who stands beside the right one as well has two rows, and goes on.
        """
        elsewhere = {known[ref]: ref for ref in moved}
        gone = {what: ref for ref, what in known.items() if what and ref not in bearers}
        settled = {what for ref, what in known.items() if ref in bearers and self.says[bearers[ref]] == what}
        away: dict[int, str] = {}
        for row in self.table.rows:
            ref, what = self.refs.get(row.number, ""), self.says[row.number]
            if not what or row.number in self.held or known.get(ref) == what:
                continue
            if what in elsewhere and (ref or what not in gone):  # without a `Réf.`, it gets its old one back
                away[row.number] = elsewhere[what]
            elif known.get(ref) and what in gone and what not in settled:
                away[row.number] = gone[what]
        return away

    def _hold_away(self, row: Row, whose: str, former: str, bearers: Mapping[str, int]) -> None:
        ref = self.refs.get(row.number, "")
        at = f" (à la ligne {bearers[former]})" if former in bearers else ""
        borne = f"porte la Réf. « {ref} »" if ref else "n'a pas de Réf."
        earlier = f", qui était celle de {whose}" if ref and whose else ""
        self._hold(
            row,
            f"Cette ligne {borne}{earlier} ; la sienne était « {former} »{at}.",
            "Remettez chaque Réf. à côté du même nom qu'avant, pour que rien ne parte deux fois :"
            f" ici « {former} ».",
        )

    def _named(self, row: Row) -> str:
        return " ".join(filter(None, (rows.label(row.cell(heading))[:60] for heading in self.tab.subject)))


def copied(tab: Tab, table: Table, row: Row) -> Problem | None:
    """Why a row without `Réf.` is held: it says that a message left, as the one it was copied from does."""
    told = [c.heading for c in tab.tool_columns if c.choices == words.STATES]
    said = next((h for h in told if rows.fold(rows.label(row.cell(h))) in _LEFT), None)
    if said is None:
        return None
    kept = {"Réf.", "Nom", "Courriel", *tab.subject}
    filled = [
        table.names.get(column.heading, column.heading)
        for column in tab.tool_columns
        if column.heading not in kept and not rows.is_blank(row.cell(column.heading))
    ]
    return Problem(
        table.where(row, said),
        f"Cette ligne sans Réf. dit « {rows.label(row.cell(said))} », mais Tournée n'a rien envoyé pour elle"
        " : elle a sans doute été copiée.",
        f"Videz {join(filled)}, pour que le message parte ; s'il est déjà parti, écrivez vous-même une Réf."
        " nouvelle sur la ligne.",
    )
