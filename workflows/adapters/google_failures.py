"""Google's refusals and broken connections, as she can understand and mend them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workflows.core.french import quoted
from workflows.core.ports import WorkbookError

_NEXT = "Rien à faire\u00a0: la prochaine tournée essaiera de nouveau."
_KEY_SETTING = "corrigez «\u00a0compte_de_service\u00a0» dans general.toml"


def read_key(path: Path) -> dict[str, Any]:
    """The service account's key file. Raises WorkbookError."""
    name = quoted(str(path), 200)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WorkbookError(
            f"Il n’y a pas de clé du compte de service à l’emplacement {name}.",
            f"Copiez-y le fichier JSON que Google a donné à la création de la clé, ou {_KEY_SETTING}.",
        ) from None
    except OSError as error:
        raise WorkbookError(
            f"La clé du compte de service {name} ne peut pas être lue.",
            "Vérifiez que c’est un fichier et que l’utilisateur qui lance Tournée a le droit de le lire.",
        ) from error
    except ValueError as error:
        raise bad_key(path) from error
    if not isinstance(found, dict) or found.get("type") != "service_account":
        raise bad_key(path)
    return found


def bad_key(path: Path) -> WorkbookError:
    return WorkbookError(
        f"Le fichier {quoted(str(path), 200)} n’est pas une clé de compte de service.",
        "Dans la console Google Cloud, créez une clé JSON pour ce compte à mettre à la place de ce fichier.",
    )


def refused_key(email: str, words: str) -> WorkbookError:
    """Google's token endpoint says no to the key; `words` are its own."""
    if "iat" in words or "short-lived" in words:
        return WorkbookError(
            "Google refuse la clé du compte de service parce que l’heure de cet ordinateur est fausse.",
            "Mettez l’ordinateur à l’heure, puis relancez.",
        )
    return WorkbookError(
        f"Google refuse la clé du compte de service {email}\u00a0: "
        "elle a été révoquée, ou le compte supprimé.",
        "Dans la console Google Cloud, créez une nouvelle clé JSON et remplacez le fichier par celle-ci.",
    )


def unreachable() -> WorkbookError:
    return WorkbookError(
        "Google Sheets est injoignable\u00a0: le réseau ne répond pas.",
        "Vérifiez la connexion à Internet\u00a0; la prochaine tournée essaiera de nouveau.",
        temporary=True,
    )


def silent() -> WorkbookError:
    return WorkbookError("Google Sheets n’a pas répondu à temps.", _NEXT, temporary=True)


def untrusted() -> WorkbookError:
    return WorkbookError(
        "La connexion à Google Sheets n’est pas sûre\u00a0: son certificat n’est pas reconnu.",
        "Un filtre du réseau s’interpose peut-être\u00a0: demandez à la personne qui s’occupe du réseau.",
    )


def not_google() -> WorkbookError:
    return WorkbookError(
        "La réponse reçue ne vient pas de Google Sheets, ou elle est incomplète.",
        "Vérifiez que le réseau ne demande pas de s’identifier, "
        "et «\u00a0adresse_api\u00a0» dans general.toml.",
        temporary=True,
    )


def unknown_outcome() -> WorkbookError:
    """A write left and its answer did not come back whole: only a later read can tell."""
    return WorkbookError(
        "La connexion à Google Sheets a été perdue pendant l’écriture\u00a0: "
        "on ne sait pas si le classeur a été écrit.",
        "Rien à faire\u00a0: la prochaine tournée relira le classeur et écrira ce qui manque.",
        temporary=True,
    )


def reorganised() -> WorkbookError:
    return WorkbookError(
        "Le classeur a été réorganisé pendant l’écriture, et n’a pas pu être relu aussitôt.",
        "Regardez les dernières lignes écrites\u00a0; la prochaine tournée remettra les statuts en place.",
        temporary=True,
    )


def by_status(
    status: int, error: Any, spreadsheet_id: str, email: str, places: Sequence[str]
) -> WorkbookError:
    """What an HTTP status and Google's error mean; `places` says what each request of a write is about."""
    message = str(error.get("message", "")) if isinstance(error, dict) else ""
    if status == 401:
        return refused_key(email, "")
    if status == 403:
        return _forbidden(error, message, email, places)
    if status == 404:
        return WorkbookError(
            f"Aucun classeur Google n’a l’identifiant {quoted(spreadsheet_id)}.",
            "Copiez dans «\u00a0identifiant\u00a0» (general.toml) la partie de l’adresse du classeur "
            "qui se trouve entre /d/ et /edit.",
        )
    if status == 429:
        return WorkbookError(
            "Google demande d’attendre\u00a0: trop de lectures ou d’écritures en une minute.",
            _NEXT,
            temporary=True,
        )
    if status >= 500:
        return WorkbookError("Google Sheets est en panne pour le moment.", _NEXT, temporary=True)
    if status == 400:
        return _invalid(message, email, places)
    return not_google()


def _forbidden(error: Any, message: str, email: str, places: Sequence[str]) -> WorkbookError:
    if "SERVICE_DISABLED" in json.dumps(error) or "has not been used in project" in message:
        return WorkbookError(
            "L’API Google Sheets n’est pas activée pour ce compte de service.",
            "Dans la console Google Cloud, activez «\u00a0Google Sheets API\u00a0», "
            "puis attendez quelques minutes.",
        )
    if "protected" in message:
        return _protected(message, email, places)
    return WorkbookError(
        f"Le compte de service {email} n’a pas le droit d’ouvrir ou de modifier ce classeur.",
        f"Dans le classeur, bouton «\u00a0Partager\u00a0», ajoutez {email} comme Éditeur.",
    )


def _invalid(message: str, email: str, places: Sequence[str]) -> WorkbookError:
    if "protected" in message:
        return _protected(message, email, places)
    if "not supported for this document" in message:
        return WorkbookError(
            "Ce classeur est un fichier Excel déposé sur Google Drive, pas un Google Sheets.",
            "Dans le classeur, menu Fichier, «\u00a0Enregistrer au format Google Sheets\u00a0», "
            "puis copiez le nouvel identifiant dans general.toml.",
        )
    if places:
        place = _place(message, places)
        where = f" ({place})" if place else ""
        return WorkbookError(
            f"Google Sheets a refusé l’écriture{where}\u00a0; rien n’a été écrit.",
            "Si un onglet vient d’être renommé, supprimé ou réduit, la prochaine tournée écrira\u00a0; "
            "sinon, relancez avec --debug pour voir les mots de Google.",
            temporary=True,
        )
    return WorkbookError(
        "Google Sheets a refusé la lecture du classeur.",
        "Vérifiez «\u00a0identifiant\u00a0» dans general.toml, "
        "ou relancez avec --debug pour voir les mots de Google.",
    )


def _protected(message: str, email: str, places: Sequence[str]) -> WorkbookError:
    place = _place(message, places) or "une plage"
    return WorkbookError(
        f"Une protection empêche d’écrire\u00a0: {place}. Rien n’a été écrit.",
        f"Dans le menu Données, «\u00a0Feuilles et plages protégées\u00a0», autorisez {email} à la modifier.",
    )


def _place(message: str, places: Sequence[str]) -> str:
    """The place of the request that Google names, as « Invalid requests[3].updateCells: … »."""
    found = re.search(r"requests\[(\d+)\]", message)
    return places[int(found[1])] if found and int(found[1]) < len(places) else ""
