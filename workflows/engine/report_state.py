"""`etat` in French sentences: what stops, the past, each workflow and campaign, and what waits for her."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from workflows.core import french
from workflows.core.french import typography
from workflows.core.messages import Record
from workflows.engine.overview import Overview, Share
from workflows.engine.terminal import PLAIN, Screen


def state_lines(
    facts: Mapping[str, str],
    found: Overview,
    uncertain: Mapping[str, Record],
    screen: Screen = PLAIN,
) -> list[str]:
    """Where everything stands; first of all, that it is stopped."""
    last = facts["last_round"]
    when = french.moment(datetime.fromisoformat(last)) if last else "aucun encore"
    titles = [*([found.stopped] if found.stopped else []), f"Dernier passage : {when}."]
    lines = [screen.strong(line) for title in titles for line in screen.fold(typography(title))]
    said = [_share_line(share) for share in found.shares]
    said += [f"{name} : {state}" for name, state in found.campaigns]
    said += _for_her(found)
    said.append(f"Envoyés aujourd'hui : {found.sent_today} ; reste du plafond : {found.room}.")
    if facts["pending"] not in ("", "0"):
        said.append("Des statuts attendent d'être écrits dans le classeur : le prochain passage les écrira.")
    for sentence in said:
        lines += screen.fold(typography(sentence), hang=2)
    for key, record in uncertain.items():
        why = f" ({record.detail})" if record.detail else ""
        lines += screen.item("!", typography(f"À vérifier : {key}{why}"))
    if uncertain:
        lines += screen.fold(typography("Pour chacun : trancher CLÉ envoye, ou trancher CLÉ non-envoye."))
    return lines


def _share_line(share: Share) -> str:
    """« Candidatures : 3 à envoyer, 2 à corriger. »"""
    if share.broken:
        return f"{share.tab} : arrêté. {share.broken}"
    counted = {"à envoyer": share.due, "à corriger": share.to_mend, "à vérifier": share.uncertain}
    parts = [f"{count} {words}" for words, count in counted.items() if count]
    return f"{share.tab} : {', '.join(parts) or 'rien à envoyer'}."


def _for_her(found: Overview) -> list[str]:
    """« Pour vous : 2 points à corriger et 1 réponse à lire (voyez Suivi). »"""
    parts = [f"{french.plural(found.to_mend, 'point')} à corriger"] if found.to_mend else []
    parts += [f"{french.plural(found.replies, 'réponse')} à lire"] if found.replies else []
    return [f"Pour vous : {french.join(parts)} (voyez {found.page})."] if parts else []
