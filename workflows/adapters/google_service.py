"""Requests to the Sheets API: log-in with a service account, time limits, and bounded repeats.

gspread makes the authorised session. Its own requests are not used: each helper costs a read more, and
its client repeats for ever what may have been done, or not at all what was not (docs/decisions.md).
A read is repeated after any passing trouble; a write only where it was surely not carried out.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, MutableMapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import gspread
import requests
from google.auth import exceptions as auth
from google.oauth2.service_account import Credentials
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, stop_after_delay
from urllib3.exceptions import MaxRetryError, NewConnectionError

from workflows.adapters import google_failures as failures
from workflows.adapters.google_cells import JSON
from workflows.core.ports import WorkbookError

SCOPES = ("https://www.googleapis.com/auth/spreadsheets",)
ATTEMPTS = 5
LONGEST_WAIT = 60.0
"""In seconds: a Retry-After beyond it is for the next round."""


class Passing(Exception):
    """Trouble after which the same request may be made again; `error` is what remains if it stays."""

    def __init__(self, error: WorkbookError, after: float | None = None) -> None:
        super().__init__(error.what)
        self.error = error
        self.after = after
        """Google's own Retry-After, in seconds."""


class Account(Credentials):
    """A service account that talks to its token endpoint and to the API, and to nobody else.

    google-auth would also ask Google for "regional access boundaries" from a thread of its own, whatever
    address the API has.
    """

    def before_request(self, request: Any, method: str, url: str, headers: MutableMapping[str, str]) -> None:
        """Put a valid token among the headers."""
        del method, url
        if not self.valid:
            self.refresh(request)  # type: ignore[no-untyped-call]
        self.apply(headers)  # type: ignore[no-untyped-call]


class Service:
    """One spreadsheet behind the API. Raises only WorkbookError."""

    def __init__(self, url: str, spreadsheet_id: str, key: Path, timeout: float, patience: float) -> None:
        """Read the key file; the log-in itself is for the first request."""
        info = failures.read_key(key)
        try:
            credentials = Account.from_service_account_info(  # type: ignore[no-untyped-call]
                info, scopes=SCOPES
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise failures.bad_key(key) from error
        self._email = str(info["client_email"])
        self._spreadsheet_id = spreadsheet_id
        self._url = f"{url}/{quote(spreadsheet_id, safe='')}"
        self._timeout = (min(timeout, 10.0), timeout)
        self._patience = patience
        self._session: requests.Session = gspread.Client(auth=credentials).http_client.session
        self.date: datetime | None = None
        """When Google gave its last answer, by its own clock."""

    def get(self, params: Mapping[str, str]) -> JSON:
        """spreadsheets.get."""
        return self._repeat(lambda: self._once("GET", self._url, params, None, ()))

    def post(self, body: JSON, params: Mapping[str, str], places: Sequence[str]) -> JSON:
        """spreadsheets.batchUpdate; `places` says what each request is about, for messages."""
        return self._repeat(lambda: self._once("POST", f"{self._url}:batchUpdate", params, body, places))

    def _repeat(self, call: Any) -> JSON:
        retrying = Retrying(
            retry=retry_if_exception(_worth_repeating),
            stop=stop_after_attempt(ATTEMPTS) | stop_after_delay(2 * LONGEST_WAIT),
            wait=self._wait,
            reraise=True,
        )
        try:
            return cast(JSON, retrying(call))
        except Passing as trouble:
            raise trouble.error from trouble

    def _wait(self, state: RetryCallState) -> float:
        trouble = state.outcome.exception() if state.outcome else None
        if isinstance(trouble, Passing) and trouble.after is not None:
            return trouble.after
        return float(self._patience * 2 ** (state.attempt_number - 1) * random.uniform(1, 1.5))

    def _once(
        self, method: str, url: str, params: Mapping[str, str], body: JSON | None, places: Sequence[str]
    ) -> JSON:
        """One request. Raises Passing if it may be made again, else WorkbookError."""
        writes = method == "POST"
        # A connection kept since the read may be dead by the time of the write, minutes later, and a
        # write that meets a dead one cannot be told from a write that was lost.
        self._session.close()
        try:
            response = self._session.request(
                method, url, params=params, json=body, timeout=self._timeout, allow_redirects=False
            )
        except auth.RefreshError as error:
            raise self._no_token(error) from error
        except auth.GoogleAuthError as error:  # before the request itself: nothing was written
            raise Passing(failures.unreachable()) from error
        except requests.exceptions.SSLError as error:
            raise failures.untrusted() from error
        except requests.exceptions.RequestException as error:
            raise _broken(error, writes) from error
        if response.status_code == 200:
            self.date = _date(response)
            return _content(response, writes)
        raise self._refusal(response, writes, places)

    def _no_token(self, error: auth.RefreshError) -> WorkbookError:
        words = str(error)
        if "invalid_grant" in words or "invalid_client" in words or "unauthorized_client" in words:
            return failures.refused_key(self._email, words)
        return failures.unreachable() if error.retryable else failures.not_google()  # repeated by google-auth

    def _refusal(self, response: requests.Response, writes: bool, places: Sequence[str]) -> Exception:
        status = response.status_code
        error = failures.by_status(status, _error_of(response), self._spreadsheet_id, self._email, places)
        if status in (429, 503):
            return Passing(error, _retry_after(response))
        if status >= 500 or status == 408:
            return failures.unknown_outcome() if writes else Passing(error)
        return error


def _date(response: requests.Response) -> datetime | None:
    try:
        return parsedate_to_datetime(response.headers.get("Date", ""))
    except (ValueError, TypeError):
        return None


def _worth_repeating(error: BaseException) -> bool:
    return isinstance(error, Passing) and (error.after is None or error.after <= LONGEST_WAIT)


def _broken(error: requests.exceptions.RequestException, writes: bool) -> Exception:
    """What a request without an answer means; a write that never left may be made again."""
    reason = error.args[0] if error.args else None
    cause = reason.reason if isinstance(reason, MaxRetryError) else reason
    never_left = isinstance(error, requests.exceptions.ConnectTimeout) or isinstance(
        cause, NewConnectionError
    )
    if writes and not never_left:
        return failures.unknown_outcome()
    late = isinstance(error, requests.exceptions.Timeout)
    return Passing(failures.silent() if late else failures.unreachable())


def _content(response: requests.Response, writes: bool) -> JSON:
    """The JSON object of an answer; a write that was answered by anything else may have been done."""
    try:
        found = response.json()
    except ValueError as error:
        raise (failures.unknown_outcome() if writes else Passing(failures.not_google())) from error
    if not isinstance(found, dict):
        raise failures.unknown_outcome() if writes else failures.not_google()
    return found


def _error_of(response: requests.Response) -> Any:
    """Google's error object; an empty one for a page or other JSON."""
    try:
        found = response.json()
    except ValueError:
        return {}
    return found.get("error", {}) if isinstance(found, dict) else {}


def _retry_after(response: requests.Response) -> float | None:
    """Seconds to wait, from a number or from a date counted from the answer's own (RFC 9110, 10.2.3)."""
    given = response.headers.get("Retry-After", "").strip()
    if given.isdigit():
        return float(given)
    try:
        then = parsedate_to_datetime(given)
        now = parsedate_to_datetime(response.headers.get("Date", ""))
        return max(0.0, (then - now).total_seconds())
    except (ValueError, TypeError):
        return None
