"""Notices of the mail system: what was not delivered, to whom and why; what is only late.

Read from the machine's part (RFC 3464) where there is one, else from the words of Exchange, Postfix,
Exim, Orange, Gmail and their kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from workflows.core.french import NBSP
from workflows.core.replies.mail_parts import (
    Mail,
    address,
    addresses,
    content_type,
    decoded,
    headers_of,
    message_ids,
    text_of,
)
from workflows.core.replies.phrases import normalise

_MAX_WORDS = 240


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice of the mail system; without `failed` it changes nothing (late, delivered, read)."""

    failed: bool
    addresses: tuple[str, ...] = ()
    reason: str = ""
    """In French, with the server's own words."""
    original: str = ""
    """Message-ID of the mail that it speaks of, where it gives it."""


def notice(mail: Mail) -> Notice | None:
    """The notice that this mail is; None for any other mail."""
    return _report(mail) or _worded(mail)


# --- the machine's part -------------------------------------------------------------------------


def _report(mail: Mail) -> Notice | None:
    if mail.of_type("message/disposition-notification"):
        return Notice(failed=False, reason="Accusé de lecture.", original=_original(mail))
    status = mail.of_type("message/delivery-status", "message/global-delivery-status")
    blocks = [block for part in status for block in _blocks(part)]
    recipients = [block for block in blocks if "final-recipient" in block or "original-recipient" in block]
    if not recipients:
        return None
    failed = [block for block in recipients if _failed(block)]
    told = failed or recipients
    reason = _reason(told[0].get("status", ""), _diagnostic(told[0]), failed=bool(failed))
    who = tuple(dict.fromkeys(filter(None, map(_recipient, failed))))
    return Notice(bool(failed), who, reason, _original(mail))


def _blocks(part: Message) -> Iterator[dict[str, str]]:
    inside = part.get_payload()
    for block in inside if isinstance(inside, list) else ():
        if isinstance(block, Message):
            yield dict(reversed(headers_of(block)))


def _failed(block: dict[str, str]) -> bool:
    action = block.get("action", "").lower()
    if action:
        return action.startswith("fail")
    return block.get("status", "").startswith("5")


def _recipient(block: dict[str, str]) -> str:
    """The address as it was written to, rather than where it was forwarded."""
    for name in ("original-recipient", "final-recipient"):
        if found := address(block.get(name, "").partition(";")[2] or block.get(name, "")):
            return found
    return ""


def _diagnostic(block: dict[str, str]) -> str:
    said = block.get("diagnostic-code", "")
    return said.partition(";")[2].strip() if re.match(r"[\w-]{1,20}\s*;", said) else said


_UNKNOWN = (
    r"\b[45]\.1\.(?:1|6|10)\b|user unknown|unknown user|no such user|not exist|n'existe pas"
    r"|introuvable|inconnu|not found|invalid recipient|recipient rejected|address rejected"
    r"|destinataire incorrecte"
)
_CAUSES = (
    (r"\b[45]\.4\.7\b|expired|trop longtemps", "Le message n'a pas pu être remis à temps"),
    (
        r"\b[45]\.2\.2\b|quota|full|pleine|over ?quota|exceeded storage|insufficient storage",
        "La boîte est pleine",
    ),
    (_UNKNOWN, "L'adresse n'existe pas"),
    (
        r"\b[45]\.1\.2\b|\b[45]\.4\.4\b|host (?:or domain )?(?:name )?not found|domaine|nxdomain",
        "Le domaine ne répond pas",
    ),
    (r"\b[45]\.3\.4\b|too large|trop volumineux|size exceeds", "Le message est trop volumineux"),
    (r"\b[45]\.7\.\d+\b|spam|blocked|denied|refus|policy|blacklist", "Le serveur a refusé le message"),
)


def _reason(status: str, said: str, *, failed: bool) -> str:
    """« L'adresse n'existe pas. Réponse du serveur : « 550 5.1.1 User unknown ». »"""
    flat = normalise(f"{status} {said}")
    cause = next((cause for form, cause in _CAUSES if re.search(form, flat)), "Le message n'a pas été remis")
    opening = f"{cause}." if failed else "Le message est retardé, le serveur essaie encore."
    words = " ".join((said or status).split())
    shown = words if len(words) <= _MAX_WORDS else words[: _MAX_WORDS - 1].rstrip() + "…"
    return f"{opening} Réponse du serveur{NBSP}: «{NBSP}{shown}{NBSP}»." if shown else opening


def _original(mail: Mail) -> str:
    """The Message-ID of the mail returned, attached whole, as headers, or below a notice's words."""
    for part in mail.parts:
        kind = content_type(part)
        if kind in {"message/rfc822", "message/global"}:
            inside = part.get_payload()
            inner = inside[0] if isinstance(inside, list) and inside else None
            found = dict(headers_of(inner)).get("message-id", "") if isinstance(inner, Message) else ""
        elif kind in {"text/rfc822-headers", "message/global-headers", "message/disposition-notification"}:
            found = _named_id(_any_text(part))
        else:
            continue
        if ids := message_ids(found):
            return ids[0]
    return next(iter(message_ids(_named_id(mail.body))), "")


def _any_text(part: Message) -> str:
    inside = part.get_payload()
    if not isinstance(inside, list):
        return text_of(part)
    return "\n".join(
        f"{name}: {value}"
        for block in inside
        if isinstance(block, Message)
        for name, value in headers_of(block)
    )


_NAMED_ID = re.compile(r"(?im)^[ \t>]*(?:original-)?message-id[ \t]*:[ \t]*(?:\n[ \t>]*)?(<[^\s<>]{1,400}>)")


def _named_id(text: str) -> str:
    found = _NAMED_ID.search(text)
    return found[1] if found else ""


# --- words only ---------------------------------------------------------------------------------

_DAEMON = re.compile(
    r"(?:mailer,?-?daemon|postmaster|mail-?daemon|microsoftexchange[0-9a-f]{0,40}|mdaemon|mailerdaemon"
    r"|mailadmin|bounces?|ne-?pas-?repondre-?mta)(?:[+-][^@]{0,60})?@"
)
_DAEMON_NAME = re.compile(
    r"mail delivery (?:system|subsystem|service)|mailer,?[ -]?daemon|postmaster|microsoft outlook"
    r"|systeme de messagerie|administrateur (?:systeme|de messagerie)"
)
_FAILED_SUBJECT = re.compile(
    r"(?:undeliver(?:ed|able)|non remis|non,?\s?delivr|mail delivery failed"
    r"|delivery (?:status notification|failure|has failed|failed)"
    r"|mail delivery (?:failure|problem|subsystem)|returned (?:mail|to sender)|failure notice"
    r"|echec d(?:e|u) |message non (?:distribue|remis|delivre)"
    r"|courrier (?:non|electronique non)|mail non (?:distribue|remis|delivre)|avis de non"
    r"|notification (?:d'echec|d'etat de remise|de non)"
    r"|non,?\s?distribu|erreur de (?:remise|distribution)|votre message n'a pas|rejet(?:e)? "
    r"|mail system error|retour de mail|impossible de remettre|message retourne)"
)
_FAILED_BODY = re.compile(
    r"n'a pas (?:pu etre|ete) (?:remis|distribue|delivre|achemine|envoye)|n'ont pas (?:pu etre|ete)"
    r"|echec (?:de la|de) (?:remise|distribution|livraison)"
    r"|could not be delivered|couldn't be delivered|wasn't delivered|was not delivered"
    r"|delivery (?:has )?failed|permanent (?:fatal )?error|undeliverable|fatal errors"
    r"|impossible de (?:remettre|distribuer|delivrer|trouver)|adresse (?:introuvable|inconnue"
    r"|inexistante)|user unknown|mailbox (?:unavailable|full)"
    r"|n'est pas parvenu|unable to deliver|destinataire (?:inconnu|introuvable)"
    r"|boite (?:aux lettres )?(?:est )?pleine|\b5\.\d\.\d{1,2}\b|\b55\d[ -]"
    r"|non remis|address not found|does not exist|n'existe pas|a ete (?:rejete|refuse|bloque)"
)
_LATE = re.compile(
    r"n'a pas encore (?:pu etre|ete) (?:remis|distribue|delivre)|(?:remise|distribution|livraison"
    r"|acheminement) (?:est |a ete )?(?:retard|differ|incomplet)|delivery (?:is |has been )?(?:delayed"
    r"|incomplete)"
    r"|delayed|has not yet been delivered|hasn't been delivered yet|warning: (?:message|could not)"
    r"|will (?:continue|keep) (?:to try|trying)|message(?: est| a ete)? retarde"
    r"|could not send message for past"
    r"|temporaire|nouvelles? tentatives?|nouvel essai|will be retried|not necessary to|do not need to resend"
)
_GIVEN_UP = re.compile(r"permanent|abandon|no longer|n'essaiera plus|definitive|gave up|giving up|expired")
_COPY = re.compile(
    r"(?im)^[ \t>*_=-]{0,60}(?:(?:this is a|below this line is a|the following is a) copy"
    r"|copie du message|original message|message d'origine|message original"
    r"|en-t[êe]tes? (?:d|du message d)|original message headers|return-path:|received:|reporting-mta:"
    r"|diagnostic information|informations? de diagnostic"
    r"|message initial|the original message was|voici le message|contenu du message|d[ée]but du message"
    r"|-{2,} ?message|x-.{1,30}:|dkim-signature:|message-id:).{0,120}$"
)
_NOT_FAILED = re.compile(
    r"^(?:postmaster|mailer-daemon|abuse|support|helpdesk|no-?reply|ne-?pas-?repondre"
    r"|microsoftexchange.*|admin|assistance)@"
)


def _worded(mail: Mail) -> Notice | None:
    subject = normalise(mail.get("subject")).strip()
    sender = mail.get("from")
    daemon = bool(_DAEMON.match(mail.sender) or _DAEMON_NAME.search(normalise(sender)))
    machine = daemon or bool(mail.get("x-failed-recipients")) or mail.get("return-path") == "<>"
    text = mail.body
    flat = normalise(text[:6_000])
    late = bool(_LATE.search(f"{subject}\n{flat}")) and not _GIVEN_UP.search(flat)
    titled = bool(_FAILED_SUBJECT.match(subject))
    if not (
        (machine and (titled or late or _FAILED_BODY.search(flat))) or (titled and _FAILED_BODY.search(flat))
    ):
        return None
    if _is_answer(mail) and not (machine and titled):
        return None
    reason = _reason("", _server_words(text), failed=not late)
    return Notice(not late, () if late else _unreached(mail, text), reason, _original(mail))


def _is_answer(mail: Mail) -> bool:
    """An automatic reply may speak of failure too, and is no bounce (RFC 3834)."""
    return mail.get("auto-submitted").lower().startswith("auto-replied") and not mail.get(
        "x-failed-recipients"
    )


def _unreached(mail: Mail, text: str) -> tuple[str, ...]:
    """The addresses that the notice names before its copy of the mail, our own and the system's left out."""
    if named := addresses(mail.get("x-failed-recipients")):
        return named
    if final := re.findall(r"(?im)^[ \t]*final-recipient:[ \t]*(?:rfc822;)?[ \t]*(\S{3,300})$", text):
        return tuple(dict.fromkeys(filter(None, map(address, final))))
    copy = _COPY.search(text)
    above = text[: copy.start()] if copy and addresses(text[: copy.start()]) else text
    ours = set(addresses(mail.get("to"))) | {mail.sender}
    found = addresses(
        re.sub(r"<[^<>\s]{1,200}@[^<>\s]{1,200}>(?=\s*(?:message-id|$))", " ", above) if not copy else above
    )
    return tuple(who for who in found if who not in ours and not _NOT_FAILED.match(who))


_SERVER = re.compile(
    r"(?im)^.{0,200}?(\b[45]\d\d[ -](?:#?[45]\.\d{1,2}\.\d{1,2}\b)?.{3,300})$"
    r"|^.{0,80}?(\b[45]\.\d\.\d{1,2}\b.{0,300})$"
)


def _server_words(text: str) -> str:
    """The line that bears an SMTP code, or the first that speaks of failure."""
    if found := _SERVER.search(text[:8_000]):
        return decoded(found[1] or found[2])
    lines = (line.strip() for line in text[:8_000].split("\n"))
    return next(
        (line for line in lines if _FAILED_BODY.search(normalise(line)) or _LATE.search(normalise(line))), ""
    )
