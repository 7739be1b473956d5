"""`effacer`: what is kept of one address, in French, and where the workbook shows it still (RGPD)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

from workflows.core import french
from workflows.core.french import typography
from workflows.core.ports import Snapshot
from workflows.core.problems import TourneeError
from workflows.engine.story import named, told

_ADDRESS = re.compile(r"[^\s,;:<>\"()@]+@[^\s,;:<>\"()@]+")
"""Wider than what is written to: mail comes from stranger addresses too."""
_FATES = {"refused": "refusé", "planned": "pas parti"}


def one_address(written: str) -> str:
    """The address in small letters. Raises TourneeError for anything but one address."""
    address = written.strip().lower()
    if not _ADDRESS.fullmatch(address):
        raise TourneeError(
            f"« {written.strip()} » n'est pas une adresse électronique : rien n'a été effacé.",
            "Donnez une seule adresse, comme accueil@structure.example ; une commande par adresse.",
        )
    return address


def rows_showing(snapshot: Snapshot, address: str) -> dict[str, int]:
    """By tab, the rows that have this address in a cell."""
    wanted = re.compile(rf"(?<![\w.+-]){re.escape(address)}(?!\.?[\w-])", re.IGNORECASE)
    found = {
        title: sum(any(wanted.search(str(cell.value)) for cell in row) for row in sheet.rows)
        for title, sheet in snapshot.sheets.items()
    }
    return {title: count for title, count in found.items() if count}


def held_lines(held: Mapping[str, Any], zone: tzinfo) -> list[str]:
    """What the journal keeps of an address, in the coordination's time."""
    lines = [f"{held['address']} :"]
    lines += [f"  message {named(m['key'])} : {_fate(m, zone)}" for m in held["messages"]]
    lines += [f"  réponse du {_local(r['received_at'], zone)} : {_answer(r)}" for r in held["replies"]]
    lines += [f"  adresse refusée : {held['bounce']}"] if held["bounce"] else []
    lines += ["  rien dans le journal."] if len(lines) == 1 else []
    return [typography(line) for line in lines]


def _answer(mail: Mapping[str, Any]) -> str:
    minutes = mail["minutes"]
    return told(mail["kind"], mail["answer"], None if minutes is None else timedelta(minutes=minutes))


def _fate(message: Mapping[str, Any], zone: tzinfo) -> str:
    """« envoyé le 02/03/2027 à 10 h »."""
    if message["state"] in ("sending", "uncertain"):
        return "parti ou non, à vérifier"
    if message["recipient_state"] == "sent" and message["sent_at"]:
        return f"envoyé le {_local(message['sent_at'], zone)}"
    return _FATES.get(message["recipient_state"], "envoyé")


def _local(moment: str, zone: tzinfo) -> str:
    at = datetime.fromisoformat(moment).astimezone(zone)
    return f"{french.date_short(at.date())} à {french.time_(at.time())}"


def erased_lines(mails: int, shown: Mapping[str, int] | None) -> list[str]:
    """What was erased, and what is left to her; `shown` is None where the workbook cannot be read."""
    lines = [
        f"Effacé du journal ; {french.plural(mails, 'message supprimé', 'messages supprimés')} des dossiers."
    ]
    if shown is None:
        lines.append("Le classeur ne peut pas être lu : cherchez-y l'adresse et effacez-la.")
    elif shown:
        tabs = [f"{title} ({french.plural(count, 'ligne')})" for title, count in shown.items()]
        lines.append(f"Le classeur montre encore l'adresse : {french.join(tabs)}. Effacez-la de ces lignes.")
        lines.append(
            "Un Promeneur dont la ligne la porte encore reçoit toujours ses rappels et ses invitations."
        )
    else:
        lines.append("Le classeur ne montre pas l'adresse.")
    return [
        typography(line) for line in [*lines, "Dans votre boîte aux lettres, effacez aussi ses messages."]
    ]
