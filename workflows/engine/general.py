"""general.toml: its keys, and the frozen values that the rest of the program reads (design §2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path, PurePosixPath
from re import fullmatch, search
from typing import Any
from zoneinfo import ZoneInfo

from workflows.core import parsers
from workflows.core.hours import OfficeHours, office_hours
from workflows.core.mailbox import Mailbox, address, mailbox, mailbox_or_none
from workflows.core.messages import Mode
from workflows.core.schema import Key, Refused, Rule, Section, Values
from workflows.engine.secrets import check_source


@dataclass(frozen=True, slots=True)
class Coordination:
    """Who writes, as the templates show it; `phone` may be empty."""

    name: str
    phone: str
    colour: str


@dataclass(frozen=True, slots=True)
class WorkbookSettings:
    """Where the spreadsheet is: `kind` is "xlsx" or "google"."""

    kind: str
    file: Path
    identifier: str
    service_account: Path
    api_root: str


@dataclass(frozen=True, slots=True)
class MailSettings:
    """How mail leaves: `kind` is "maildir" or "smtp"; without a `user` there is no log-in.

    Only files of the folder `attachments` may be attached.
    """

    kind: str
    folder: Path
    host: str
    port: int
    encryption: str
    user: str
    password_source: str
    attachments: Path


@dataclass(frozen=True, slots=True)
class RepliesSettings:
    """Where replies arrive: `kind` is "maildir" or "imap"; `sent_mailbox` may be empty."""

    kind: str
    folder: Path
    host: str
    port: int
    encryption: str
    user: str
    password_source: str
    mailbox: str
    sent_mailbox: str
    files_sent: bool
    """The mail server keeps no copies of what it sends: the program files them."""


@dataclass(frozen=True, slots=True)
class General:
    """general.toml as a whole; every path is absolute or relative to the current folder."""

    mode: Mode
    trial_address: str
    zone: ZoneInfo
    sender: Mailbox
    reply_to: Mailbox | None
    hours: OfficeHours
    grace: timedelta
    cap_per_round: int
    cap_per_day: int
    retention: timedelta
    """How long the journal keeps what was exchanged with an address (CNIL: three years)."""
    coordination: Coordination
    workbook: WorkbookSettings
    mail: MailSettings
    replies: RepliesSettings

    @property
    def contact(self) -> Mailbox:
        """Where people write back."""
        return self.reply_to or self.sender


def general(values: Values, workspace: Path) -> General:
    """The checked values of general.toml, paths taken from the workspace."""
    sheet, mail, replies, who = (
        values[name] for name in ("classeur", "courrier", "reponses", "coordination")
    )
    sender: Mailbox = values["expediteur"]
    return General(
        mode=values["mode"],
        trial_address=values["adresse_essai"],
        zone=values["fuseau"],
        sender=sender,
        reply_to=values["repondre_a"],
        hours=values["horaires"],
        grace=values["delai_de_grace"],
        cap_per_round=values["plafond_par_passage"],
        cap_per_day=values["plafond_par_jour"],
        retention=timedelta(days=365.25 * values["conservation"]),
        coordination=Coordination(
            who["nom"] or sender.name or sender.address, who["telephone"], who["couleur"]
        ),
        workbook=WorkbookSettings(
            sheet["type"],
            workspace / sheet["fichier"],
            sheet["identifiant"],
            workspace / sheet["compte_de_service"],
            sheet["adresse_api"],
        ),
        mail=MailSettings(
            mail["type"],
            workspace / mail["dossier"],
            attachments=workspace / mail["pieces_jointes"],
            **_server(mail),
        ),
        replies=RepliesSettings(
            replies["type"],
            workspace / replies["dossier"],
            mailbox=replies["boite"],
            sent_mailbox=replies["boite_envoyes"],
            files_sent=replies["classer_envoyes"],
            **_server(replies),
        ),
    )


def _server(values: Values) -> dict[str, Any]:
    return {
        "host": values["hote"],
        "port": values["port"],
        "encryption": values["chiffrement"],
        "user": values["utilisateur"],
        "password_source": values["mot_de_passe"],
    }


def _zone(value: object) -> ZoneInfo:
    try:
        return ZoneInfo(parsers.filled(value))
    except (OSError, ValueError, KeyError):
        raise Refused("Ce fuseau horaire n'est pas connu.", 'Écrivez par exemple "Europe/Paris".') from None


def _spreadsheet(value: object) -> str:
    """The identifier, also taken out of the address that a browser shows."""
    read = parsers.text(value)
    found = search(r"/spreadsheets/d/([\w-]+)", read)
    if not found and not fullmatch(r"[\w-]*", read):
        raise Refused(
            "Ce n'est ni l'adresse d'une feuille Google, ni son identifiant.",
            "Copiez l'adresse que montre le navigateur\u00a0: elle contient /spreadsheets/d/.",
        )
    return found[1] if found else read


def _web_address(value: object) -> str:
    read = parsers.text(value).rstrip("/")
    if read and not read.startswith(("https://", "http://")):
        raise Refused("Cette adresse n'est pas celle d'un service web.", 'Elle commence par "https://".')
    return read


def _own_folder(value: object) -> str:
    """A folder of the workspace that holds nothing else: no key, password or journal can be attached."""
    read = parsers.filled(value)
    path = PurePosixPath(read)
    if path.is_absolute() or "\\" in read or ".." in path.parts or path.parts[:1] in _TAKEN:
        raise Refused(
            "Ce dossier ne peut pas être celui des pièces jointes.",
            "Donnez le nom d'un dossier à part dans l'espace de travail, comme \"pieces-jointes\".",
        )
    return read


_TAKEN = ((), ("config",), ("donnees",), ("templates",))


def _password_source(value: object) -> str:
    """As written: it is not looked at as long as there is no user."""
    return value if isinstance(value, str) else ""


def is_loopback(host: str) -> bool:
    """Whether this name or number can only be the machine itself."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


def _clear_text_stays_here(values: Values) -> None:
    if values["chiffrement"] == "aucun" and not is_loopback(values["hote"]):
        raise Refused(
            "Sans chiffrement, le courrier et le mot de passe passeraient en clair sur le réseau.",
            'Écrivez chiffrement = "starttls" ou "tls"\u00a0; "aucun" ne vaut que pour la machine elle-même.',
        )


def _password_when_user(values: Values) -> None:
    if values["utilisateur"]:
        check_source(values["mot_de_passe"])


def _host_when(kind: str) -> Rule:
    def check(values: Values) -> None:
        if values["type"] == kind and not values["hote"]:
            raise Refused("Le nom du serveur manque.", f'Écrivez-le\u00a0: hote = "{kind}.asso.example".')

    return Rule(("hote", "type"), check)


def _identifier_when_google(values: Values) -> None:
    if values["type"] == "google" and not values["identifiant"]:
        raise Refused(
            "L'identifiant de la feuille Google manque.",
            "Copiez-le depuis l'adresse de la feuille, entre /d/ et /edit.",
        )


def _server_section(
    name: str, kind: str, folder: str, server: tuple[Key, ...], more: tuple[Key, ...]
) -> Section:
    return Section(
        name,
        (
            Key("type", "maildir", parsers.one_of("maildir", kind)),
            Key("dossier", folder, parsers.filled),
            *server,
            Key("utilisateur", "", parsers.text),
            *more,
        ),
        (
            _host_when(kind),
            Rule(("chiffrement", "hote"), _clear_text_stays_here),
            Rule(("mot_de_passe", "utilisateur"), _password_when_user),
        ),
    )


def _endpoint(host: str, port: int, encryption: str) -> tuple[Key, ...]:
    return (
        Key("hote", host, parsers.text),
        Key("port", port, parsers.whole(1, 65535)),
        Key("chiffrement", encryption, parsers.one_of("starttls", "tls", "aucun")),
    )


GENERAL = Section(
    "",
    (
        Key("mode", "essai", parsers.choice({mode.value: mode for mode in Mode})),
        Key("adresse_essai", "", address),
        Key("fuseau", "Europe/Paris", _zone),
        Key("expediteur", "Coordination Promeneurs du Net 41 <coordination@exemple.fr>", mailbox),
        Key("repondre_a", "", mailbox_or_none),
        Key("horaires", "lun-ven 8:30-18:30", office_hours),
        Key("delai_de_grace", "15 min", parsers.delay),
        Key("plafond_par_passage", 200, parsers.whole(1, 100_000)),
        Key("plafond_par_jour", 450, parsers.whole(1, 100_000)),
        Key("conservation", 3, parsers.whole(1, 10)),
        Section(
            "coordination",
            (
                Key("nom", "", parsers.text),
                Key("telephone", "", parsers.text),
                Key("couleur", "#1f5c7a", parsers.colour),
            ),
        ),
        Section(
            "classeur",
            (
                Key("type", "xlsx", parsers.one_of("xlsx", "google")),
                Key("fichier", "donnees/coordination.xlsx", parsers.filled),
                Key("identifiant", "", _spreadsheet),
                Key("compte_de_service", "config/compte-de-service.json", parsers.filled),
                Key("adresse_api", "", _web_address),
            ),
            (Rule(("identifiant", "type"), _identifier_when_google),),
        ),
        _server_section(
            "courrier",
            "smtp",
            "donnees/envois",
            _endpoint("smtp.gmail.com", 587, "starttls"),
            (
                Key("mot_de_passe", "env:TOURNEE_SMTP", _password_source),
                Key("pieces_jointes", "pieces-jointes", _own_folder),
            ),
        ),
        _server_section(
            "reponses",
            "imap",
            "donnees/reponses",
            _endpoint("imap.gmail.com", 993, "tls"),
            (
                Key("mot_de_passe", "env:TOURNEE_IMAP", _password_source),
                Key("boite", "INBOX", parsers.filled),
                Key("boite_envoyes", "", parsers.text),
                Key("classer_envoyes", "non", parsers.choice({"oui": True, "non": False})),
            ),
        ),
    ),
)
