"""What happened, in French sentences; prints nothing itself. `report_json` says the same to tools."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from workflows.core import french
from workflows.core.french import typography
from workflows.core.messages import Mode
from workflows.core.problems import Problem
from workflows.engine.account import Account, Mail
from workflows.engine.check import Check, Mark
from workflows.engine.intake import Recognised
from workflows.engine.prepare import TRIAL
from workflows.engine.report_json import recognised_json
from workflows.engine.story import Story
from workflows.engine.terminal import PLAIN, Screen

_LISTED = 12
"""Lines of one kind that the terminal shows; the sheet has them all."""
_ROWS = 100
"""Rows of one table of a preview."""
_SIGNS = {0: "✓", 1: "!", 2: "✗"}


def recognised_lines(found: Sequence[Recognised]) -> list[str]:
    """The same for a person, a line each."""
    lines = []
    for each in found:
        told = recognised_json(each)
        parts = [f"{each.file.name} : {_KINDS[told['kind']]}"]
        parts += [f"« {told['answer']} »"] if told["answer"] else []
        parts += ["pose une question"] if told["question"] else []
        parts += [french.duration(each.mail.hours)] if each.mail.hours is not None else []
        parts += [", ".join(told["bounced"])] if told["bounced"] else []
        parts += [f"répond à {told['matched']}"] if told["matched"] else []
        lines.append(", ".join(parts) + ".")
        lines += [f"    {told['extract']}"] if told["extract"] else []
    return [typography(line) for line in lines]


_KINDS = {
    "answer": "une réponse",
    "hours": "des heures",
    "calendar": "une réponse d'agenda",
    "bounce": "un message revenu",
    "delayed": "un avis sans effet (retard, accusé de lecture)",
    "absence": "une absence",
    "opposition": "une opposition",
    "unreadable": "illisible",
}


def plan_line(account: Account) -> str:
    """« 37 partiront, 3 en attente, 2 à corriger. », after what stops them, if anything."""
    count = len(account.planned)
    leave = "partira" if count < 2 else "partiront"
    stopped = account.stopped if account.mode is Mode.LIVE else ""
    if stopped:
        stopped += " Sans cela : "
        leave = "partirait" if count < 2 else "partiraient"
    mode = " à l'essai" if account.mode is Mode.TRIAL else ""
    waiting, fix = len(account.waiting), len(account.to_mend)
    return f"{stopped}{count} {leave}{mode}, {waiting} en attente, {fix} à corriger."


def left_aside_lines(account: Account) -> list[str]:
    """Before the question: that the next round sends what --limite and --seulement leave out."""
    count = sum(reason.startswith("laissé de côté par --") for _, reason in account.waiting)
    if not count or account.mode is Mode.TRIAL:
        return []
    words = (
        f"Les {count} autres partiront au prochain passage : mettez « En pause » pour les retenir."
        if count > 1
        else "L'autre partira au prochain passage : mettez « En pause » pour le retenir."
    )
    return [typography(words)]


def summary(account: Account, screen: Screen = PLAIN) -> list[str]:
    """What the round did, for the terminal."""
    lines = [screen.mark(_SIGNS[account.exit_status], line) for line in _said(screen, _counts(account))]
    if account.replies.read:
        lines += _said(screen, _replies_line(account))
    if account.error:
        lines += _said(screen, f"Arrêté : {account.error.what} {account.error.remedy}")
    lines += _problem_lines(account.to_mend, screen)
    lines += _unsettled_lines(account, screen)
    lines += _waiting_lines(account, screen)
    if account.pending_writes:
        lines += _said(
            screen, "Les statuts ne sont pas encore dans le classeur : la prochaine tournée les écrira."
        )
    return lines


def _replies_line(account: Account) -> str:
    read = french.plural(account.replies.read, "message lu", "messages lus")
    unmatched = account.replies.unmatched
    rest = f", {unmatched} sans ligne connue (onglet À rattacher)" if unmatched else ""
    return f"Réponses : {read} dans la boîte, {french.plural(account.replies.matched, 'rattaché')}{rest}."


def round_line(account: Account) -> str:
    """One round among many: when, how many, and what stopped it."""
    stopped = f" Arrêté : {account.error.what} {account.error.remedy}" if account.error else ""
    return typography(f"{french.moment(account.at)} : {_counts(account)}{stopped}")


def _said(screen: Screen, words: str, indent: int = 0, hang: int = 0) -> list[str]:
    return screen.fold(typography(words), indent, hang)


def _title(screen: Screen, words: str, sign: str = "") -> list[str]:
    return [screen.mark(sign, line) if sign else screen.strong(line) for line in _said(screen, words)]


def _counts(account: Account) -> str:
    parts = _sent_words(account)
    parts += [f"{len(account.waiting)} en attente"] if account.waiting else []
    parts += [french.plural(len(account.refused), "refusé")] if account.refused else []
    parts += [f"{len(account.uncertain)} à vérifier"] if account.uncertain else []
    parts += [f"{len(account.to_mend)} à corriger"] if account.problems else []
    return ", ".join(parts) + "."


def _sent_words(account: Account) -> list[str]:
    """What really left, and apart from it what left on trial: the sheet may ask for both in one round."""
    tried = sum(key.startswith(TRIAL) for key, _ in account.sent)
    real = len(account.sent) - tried
    trial = bool(tried) or account.mode is Mode.TRIAL
    parts = [french.plural(real, "message parti", "messages partis")] if real or not trial else []
    return parts + (
        [french.plural(tried, "message parti", "messages partis") + " à l'essai"] if trial else []
    )


def _problem_lines(problems: Sequence[Problem], screen: Screen) -> list[str]:
    if not problems:
        return []
    lines = _title(screen, "À corriger :", "!")
    for problem in problems[:_LISTED]:
        lines += _said(screen, f"- {problem.where} : {problem.what} {problem.remedy}", 2, 2)
    if len(problems) > _LISTED:
        lines += _said(screen, f"… et {len(problems) - _LISTED} autres, dans l'onglet Suivi.", 2)
    return lines


def _unsettled_lines(account: Account, screen: Screen) -> list[str]:
    """What a server refused, and what may or may not have left, with the key that settles it."""
    lines: list[str] = []
    for key, said in account.refused:
        lines += _said(screen, f"refusé : {account.who(key)} ({said})", 2, 2)
    for key in account.uncertain:
        lines += _said(screen, f"à vérifier : {account.who(key)} ({key})", 2, 2)
    return lines


def _waiting_lines(account: Account, screen: Screen) -> list[str]:
    """Reasons, the most frequent first; one that stands once names whom it is about."""
    if not account.waiting:
        return []
    by_reason = account.waiting_by_reason()
    lines = _title(screen, "En attente :")
    for reason, keys in by_reason[:_LISTED]:
        about = f"{len(keys)} × {reason}" if len(keys) > 1 else f"{account.who(keys[0])} : {reason}"
        lines += _said(screen, f"- {about}", 2, 2)
    if len(by_reason) > _LISTED:
        lines += _said(screen, f"… et {len(by_reason) - _LISTED} autres raisons, dans la colonne Motif.", 2)
    return lines


def not_now_lines(account: Account, later: Account, screen: Screen = PLAIN) -> list[str]:
    """Above the preview of what leaves later: why it does not now."""
    keys = {key for key, _ in later.planned}
    reasons = dict.fromkeys(reason for key, reason in account.waiting if key in keys)
    why = f" ({french.join(list(reasons))})" if reasons else ""
    return [*_said(screen, f"Rien ne part maintenant{why}. Ensuite, si rien ne change :"), ""]


def preview_lines(account: Account, screen: Screen = PLAIN) -> list[str]:
    """Who gets what, who does not and why, and one whole mail."""
    lines = [screen.strong(line) for line in _said(screen, plan_line(account))]
    for words, mails in _alike(account.mails).items():
        lines += [
            "",
            *_title(screen, f"{words} ({len(mails)}) :", "✓"),
            *_rows(screen, [_addressed(account, m) for m in mails]),
        ]
    if account.waiting:
        lines += ["", *_title(screen, f"Ne partira pas maintenant ({len(account.waiting)}) :")]
    for reason, keys in account.waiting_by_reason():
        lines += _said(screen, f"- {reason} ({len(keys)})", 2, 2)
        lines += _rows(screen, [(account.who(key),) for key in keys], 6)
    problems = _problem_lines(account.to_mend, screen) + _unsettled_lines(account, screen)
    lines += ["", *problems] if problems else []
    if account.mails:
        first = mail_lines(account.mails[0], screen)
        lines += ["", *_title(screen, "Le premier message, en entier :"), "", *first]
    return lines


def _alike(mails: Sequence[Mail]) -> dict[str, list[Mail]]:
    """Mails under what they have in common: subject and attachments."""
    groups: dict[str, list[Mail]] = {}
    for mail in mails:
        with_ = f" (avec {french.join([a.name for a in mail.attachments])})" if mail.attachments else ""
        groups.setdefault(f"« {mail.rendered.subject} »{with_}", []).append(mail)
    return groups


def _addressed(account: Account, mail: Mail) -> tuple[str, str]:
    return account.who(mail.key), ", ".join(mail.recipients)


def _rows(screen: Screen, rows: Sequence[Sequence[str]], indent: int = 2) -> list[str]:
    shown = screen.table([[typography(cell) for cell in row] for row in rows[:_ROWS]], indent)
    if len(rows) > _ROWS:
        shown += _said(
            screen, f"… et {len(rows) - _ROWS} autres : « --html DOSSIER » les montre tous.", indent
        )
    return shown


def mail_lines(mail: Mail, screen: Screen = PLAIN) -> list[str]:
    """One message as a text-only mail program shows it."""
    lines = _said(screen, f"À : {', '.join(mail.recipients)}", hang=2)
    lines += _said(screen, f"Objet : {mail.rendered.subject}", hang=2)
    if mail.attachments:
        files = ", ".join(f"{attached.name} ({attached.size})" for attached in mail.attachments)
        lines += _said(screen, f"Pièces jointes : {files}", hang=2)
    return [*lines, "", *(folded for line in mail.rendered.text.splitlines() for folded in screen.fold(line))]


def check_lines(checks: Sequence[Check], screen: Screen = PLAIN) -> list[str]:
    """The checkup, a line each, with the remedy below what is wrong, and the count of both."""
    lines: list[str] = []
    for check in checks:
        lines += screen.item(check.mark.value, typography(check.what))
        lines += _said(screen, check.remedy, 4) if check.remedy else []
    marks = Counter(check.mark for check in checks)
    bad, note = marks[Mark.BAD], marks[Mark.NOTE]
    if bad:
        lines += screen.item("✗", typography(f"{french.plural(bad, 'point')} à corriger avant d'envoyer."))
    elif note:
        lines += screen.item("!", typography(f"Prêt, avec {french.plural(note, 'point')} à regarder."))
    else:
        lines += screen.item("✓", "Tout est en ordre.")
    return lines


def story_lines(stories: Sequence[Story], screen: Screen = PLAIN) -> list[str]:
    """Each story under its title: the past, then where things stand."""
    lines: list[str] = []
    for story in stories:
        lines += _title(screen, story.who)
        past = story.past or ("Aucun message ne lui a été envoyé.",)
        for sentence in [*past, *(f"Aujourd'hui, {now}" for now in story.now)]:
            lines += _said(screen, sentence, 2, 2)
    return lines


def demo_round_lines(at: datetime, account: Account, screen: Screen = PLAIN) -> list[str]:
    """One round of the demo, in two or three lines: the sheet has the rest."""
    lines = [typography(f"{french.moment(at).capitalize()} : {account.command}")]
    lines += [screen.mark(_SIGNS[account.exit_status], line) for line in _said(screen, _counts(account))]
    if account.replies.read:
        lines += _said(screen, _replies_line(account))
    if account.error:
        lines += _said(screen, f"Arrêté : {account.error.what} {account.error.remedy}")
    return [*lines, ""]


def demo_lines(folder: Path) -> list[str]:
    """Where to look after the demo."""
    lines = [
        "Tout s'est fait pour de bon, sur un classeur d'exemple, sans rien envoyer au dehors. À regarder :",
        f"  les messages   {folder / 'donnees' / 'envois' / 'new'}",
        f"  les réponses   {folder / 'donnees' / 'reponses' / 'new'}",
        f"  le classeur    {folder / 'donnees' / 'coordination.xlsx'}",
        "Dans le classeur : Suivi (où tout en est, ce qui est à corriger), Candidatures, Inscriptions et",
        "Présence (un état et une réponse par ligne), À rattacher (ce que personne n'a su placer).",
        "Relancez la démonstration : plus rien ne part, tout est déjà envoyé.",
    ]
    return [typography(line) for line in lines]
