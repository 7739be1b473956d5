"""Why the SMTP server cannot be used, as sentences for a coordinator: what happened, and the remedy."""

from __future__ import annotations

import smtplib
import socket
import ssl

from workflows.core.ports import Refusal, TransportError

_CERTIFICATE_REASONS = {
    9: "n'est pas encore valable",
    10: "a expiré",
    62: "est celui d'un autre serveur",
    64: "est celui d'un autre serveur",
}
"""OpenSSL's verification codes (X509_V_ERR_…): not yet valid, expired, host name or address mismatch."""


def needs_log_in(refusal: Refusal) -> TransportError:
    """The server wants AUTH, or a stronger one, before it takes any message."""
    return TransportError(
        f"Le serveur d'envoi exige une connexion avec identifiant et mot de passe ({refusal}).",
        "Renseignez utilisateur et mot_de_passe dans la partie [courrier] de config/general.toml.",
    )


def quota_spent(refusal: Refusal) -> TransportError:
    """The account may send no more for now."""
    return TransportError(
        f"Le quota d'envoi de la messagerie est atteint ({refusal}).",
        "Rien n'est perdu\u00a0: la suite partira toute seule, en général le lendemain.",
        temporary=True,
    )


def explained(error: Exception, server: str) -> TransportError:
    """Why `server` (« hôte:port ») could not be connected to, in French, with a remedy."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _answered_no(error, server)
    if isinstance(error, smtplib.SMTPNotSupportedError) or "authentication method" in str(error):
        return _not_offered(error, server)
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(error, server)
    if isinstance(error, ssl.SSLError):
        return TransportError(
            f"La connexion chiffrée avec {server} n'a pas pu s'établir.",
            'Vérifiez port et chiffrement dans [courrier]\u00a0: "starttls" va avec 587, "tls" avec 465.',
        )
    if isinstance(error, UnicodeError):
        return TransportError(
            "L'hôte, l'identifiant ou le mot de passe de la messagerie contient un caractère inattendu,"
            " un accent par exemple.",
            "Choisissez un mot de passe sans accent (ou un mot de passe d'application), et recopiez hôte et"
            " identifiant dans la partie [courrier] de config/general.toml.",
        )
    return _unreachable(error, server)


def _answered_no(error: smtplib.SMTPResponseException, server: str) -> TransportError:
    code = error.smtp_code
    temporary = 400 <= code < 500
    if isinstance(error, smtplib.SMTPAuthenticationError) and not temporary:
        return TransportError(
            f"Le serveur {server} a refusé l'identifiant ou le mot de passe ({code}).",
            "Vérifiez-les dans [courrier]\u00a0; avec Gmail, il faut un mot de passe d'application.",
        )
    return TransportError(
        f"Le serveur {server} a refusé la connexion ({code}).",
        "Le prochain passage réessaiera."
        if temporary
        else "Vérifiez hote, port et chiffrement dans la partie [courrier] de config/general.toml.",
        temporary=temporary,
    )


def _not_offered(error: Exception, server: str) -> TransportError:
    if "STARTTLS" in str(error):
        return TransportError(
            f"Le serveur {server} ne propose pas STARTTLS\u00a0: le courrier partirait en clair.",
            'Mettez chiffrement = "tls" et port = 465, ou demandez les réglages à votre hébergeur.',
        )
    return TransportError(
        f"Le serveur {server} ne propose pas de connexion par identifiant et mot de passe.",
        "Vérifiez port et chiffrement, ou videz utilisateur si ce serveur n'en demande pas.",
    )


def _certificate(error: ssl.SSLCertVerificationError, server: str) -> TransportError:
    reason = _CERTIFICATE_REASONS.get(error.verify_code, "n'est pas signé par une autorité reconnue")
    return TransportError(
        f"Le certificat de {server} {reason}\u00a0: rien n'est envoyé.",
        "Vérifiez hote dans [courrier] et la date de l'ordinateur, ou prévenez votre hébergeur.",
    )


def _unreachable(error: Exception, server: str) -> TransportError:
    what = f"Le serveur d'envoi {server} a coupé la connexion ou répond autre chose que du courrier."
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        what = f"Le serveur d'envoi {server} ne répond pas."
    elif isinstance(error, socket.gaierror):
        what = f"Le serveur d'envoi {server} est introuvable."
    elif not isinstance(error, smtplib.SMTPException):
        what = f"Le serveur d'envoi {server} est injoignable."
    return TransportError(
        what,
        "Vérifiez la connexion à Internet, puis hote, port et chiffrement dans [courrier]."
        " Le prochain passage réessaiera.",
        temporary=True,
    )
