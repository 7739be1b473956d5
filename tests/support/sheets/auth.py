"""Tokens: the OAuth end of the service-account flow, and who may open what in strict mode."""

from __future__ import annotations

import base64
import json
import secrets
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs

from tests.support.sheets.errors import JSON, ApiError
from tests.support.sheets.model import Spreadsheet

UNAUTHENTICATED = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other "
    "valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)


class TokenError(Exception):
    """The token endpoint's refusal, in OAuth's own shape (RFC 6749, 5.2)."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.body = {"error": error, "error_description": description}


class Tokens:
    """Bearer tokens handed out; `accounts` is None until told to be strict about e-mail addresses."""

    def __init__(self) -> None:
        self.accounts: set[str] | None = None
        self._emails: dict[str, str] = {}

    def grant(self, form: bytes) -> JSON:
        """Answer a JWT grant (RFC 7523); signatures are not checked. Raises TokenError."""
        assertion = parse_qs(form.decode("utf-8", "replace")).get("assertion", [""])[0]
        try:
            middle = assertion.split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
            email = str(claims["iss"])
        except (IndexError, KeyError, ValueError, TypeError):
            raise TokenError("invalid_request", "Bad Request") from None
        if self.accounts is not None and email not in self.accounts:
            raise TokenError("invalid_grant", "Invalid grant: account not found")
        token = "ya29." + secrets.token_urlsafe(40)
        self._emails[token] = email
        return {"access_token": token, "expires_in": 3599, "token_type": "Bearer"}

    def revoke(self) -> None:
        """Forget every token: the next request with one is answered 401."""
        self._emails.clear()

    def check(self, authorization: str, spreadsheet: Spreadsheet | None) -> None:
        """In strict mode, raise ApiError 401 or 403 unless the bearer may open the spreadsheet."""
        if self.accounts is None:
            return
        email = self._emails.get(authorization.removeprefix("Bearer "))
        if email is None:
            raise ApiError(401, UNAUTHENTICATED)
        if spreadsheet is not None and email not in spreadsheet.shared_with:
            raise ApiError(403, "The caller does not have permission")


@cache
def _private_key() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def write_service_account(path: Path, token_uri: str, email: str) -> Path:
    """Write the JSON key file of an invented service account whose tokens come from `token_uri`."""
    account = {
        "type": "service_account",
        "project_id": "tournee-test",
        "private_key_id": "0" * 40,
        "private_key": _private_key(),
        "client_email": email,
        "client_id": "1",
        "token_uri": token_uri,
    }
    path.write_text(json.dumps(account), encoding="utf-8")
    path.chmod(0o600)
    return path
