"""Errors in the JSON shape of Google's APIs."""

from __future__ import annotations

from typing import Any

JSON = dict[str, Any]
Key = tuple[int, int]
"""A cell's place: row and column, from 0."""

STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


class ApiError(Exception):
    """An answer other than 200; `message` is what Google says, `details` what it adds."""

    def __init__(self, code: int, message: str, details: list[JSON] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details

    def body(self) -> JSON:
        error: JSON = {"code": self.code, "message": self.message, "status": STATUS.get(self.code, "UNKNOWN")}
        if self.details:
            error["details"] = self.details
        return {"error": error}


def invalid(message: str) -> ApiError:
    """400 INVALID_ARGUMENT."""
    return ApiError(400, message)


def bad_field(field: str, description: str) -> ApiError:
    """400 for a request body that does not fit Google's schema."""
    return ApiError(
        400,
        description,
        [
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{"field": field, "description": description}],
            }
        ],
    )


def not_found() -> ApiError:
    return ApiError(404, "Requested entity was not found.")


class DriveError(ApiError):
    """Drive's own error shape."""

    def body(self) -> JSON:
        reason = {404: "notFound", 403: "forbidden"}.get(self.code, "badRequest")
        return {
            "error": {
                "errors": [{"domain": "global", "reason": reason, "message": self.message}],
                "code": self.code,
                "message": self.message,
            }
        }
