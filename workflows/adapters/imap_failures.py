"""Why the mailbox cannot be read, as sentences for a coordinator: what happened, and the remedy."""

from __future__ import annotations

import imaplib
import socket
import ssl

from imap_tools.errors import MailboxFolderSelectError

from workflows.core.french import quoted
from workflows.core.ports import MailboxError

_CERTIFICATE_REASONS = {
    9: "n'est pas encore valable",
    10: "a expiré",
    62: "est celui d'un autre serveur",
    64: "est celui d'un autre serveur",
}
"""OpenSSL's verification codes (X509_V_ERR_…): not yet valid, expired, host name or address mismatch."""
_SETTINGS = "Vérifiez hote, port et chiffrement dans la partie [reponses] de config/general.toml."


def log_in_refused(server: str) -> MailboxError:
    """The name or the password is wrong; neither is repeated."""
    return MailboxError(
        f"Le serveur {server} a refusé l'identifiant ou le mot de passe de la boîte aux lettres.",
        "Vérifiez-les dans [reponses]\u00a0; avec Gmail, il faut un mot de passe d'application.",
    )


def no_keyword(keyword: str) -> MailboxError:
    """A server that keeps no keywords of ours (RFC 3501, PERMANENTFLAGS)."""
    return MailboxError(
        f"La boîte aux lettres n'accepte pas le mot-clé {quoted(keyword)}.",
        'Écrivez marquer = "dossier" ou marquer = "rien" dans config/reponses.toml.',
    )


def no_move() -> MailboxError:
    """Without MOVE, a mail could only be copied and deleted."""
    return MailboxError(
        "La boîte aux lettres ne sait pas déplacer un message sans le supprimer\u00a0: rien n'est déplacé.",
        'Écrivez marquer = "mot-cle" ou marquer = "rien" dans config/reponses.toml.',
    )


def explained(error: Exception, server: str, folder: str) -> MailboxError:
    """Why `server` (« hôte:port ») or its folder could not be used."""
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = _CERTIFICATE_REASONS.get(error.verify_code, "n'est pas signé par une autorité reconnue")
        return MailboxError(
            f"Le certificat de {server} {reason}\u00a0: la boîte aux lettres n'est pas lue.",
            "Vérifiez hote dans [reponses] et la date de l'ordinateur, ou prévenez votre hébergeur.",
        )
    if isinstance(error, MailboxFolderSelectError):
        return MailboxError(
            f"La boîte aux lettres n'a pas de dossier {quoted(folder)}, ou ne l'ouvre pas.",
            "Vérifiez boite dans la partie [reponses] de config/general.toml.",
        )
    if isinstance(error, ssl.SSLError) or "STARTTLS" in str(error) or isinstance(error, ValueError):
        return MailboxError(
            f"La connexion chiffrée avec {server} n'a pas pu s'établir.",
            'Vérifiez port et chiffrement dans [reponses]\u00a0: "tls" va avec 993, "starttls" avec 143.',
        )
    return _unreachable(error, server)


def _unreachable(error: Exception, server: str) -> MailboxError:
    what = f"La boîte aux lettres {server} est injoignable."
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        what = f"La boîte aux lettres {server} ne répond pas."
    elif isinstance(error, socket.gaierror):
        what = f"Le serveur de la boîte aux lettres, {server}, est introuvable."
    elif isinstance(error, imaplib.IMAP4.error):
        what = f"La boîte aux lettres {server} a coupé la connexion, ou refusé de répondre."
    return MailboxError(what, f"{_SETTINGS} Le prochain passage réessaiera.", temporary=True)
