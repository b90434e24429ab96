"""As much of auth's internal routes as the commands about accounts and sessions need, in memory."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx

PAGE = 2


@dataclass
class AccountsDouble:
    """Accounts by id, sessions by account, and what was asked; `refusal` answers every change."""

    accounts: dict[int, dict[str, Any]] = field(default_factory=dict)
    sessions: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    changes: list[tuple[str, str, Any]] = field(default_factory=list)
    refusal: httpx.Response | None = None
    pending: str = ""

    def add(self, user_id: int, username: str, **more: Any) -> None:
        usual = {"name": None, "email": f"{username}@example.org", "system_permissions": "staff"}
        rights = {"base_profession": "consultant", "roles": [], "is_active": True}
        self.accounts[user_id] = {"id": user_id, "username": username, **usual, **rights, **more}

    def request(self, method: str, url: str, *, headers: dict[str, str], json: Any = None, **_: Any) -> httpx.Response:
        """In place of `httpx.request`."""
        if not headers["Authorization"].startswith("Bearer "):
            return httpx.Response(401, json={"detail": "Not authenticated"})
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if method == "GET":
            return httpx.Response(200, json=self._read(parts.path, query))
        self.changes.append((method, unquote(parts.path), json))
        if self.refusal is not None:
            return self.refusal
        headers = {"X-Quill-Pending": self.pending} if self.pending else {}
        return httpx.Response(200, json=self._changed(parts.path, json), headers=headers)

    def _read(self, path: str, query: dict[str, str]) -> Any:
        of_user = re.fullmatch(r"/internal/users/(\d+)/sessions", path)
        if of_user:
            return self._page("sessions", self.sessions.get(int(of_user[1]), []), query)
        called = query.get("called")
        if called is None:
            return self._page("users", list(self.accounts.values()), query)
        found = [one for one in self.accounts.values() if called in (one["username"], str(one["id"]))]
        return {"users": found, "next_cursor": None}

    def _page(self, name: str, rows: list[Any], query: dict[str, str]) -> Any:
        start = int(query.get("cursor", "0"))
        end = start + PAGE
        return {name: rows[start:end], "next_cursor": str(end) if end < len(rows) else None}

    def _changed(self, path: str, body: Any) -> Any:
        if path.endswith("/roles"):
            return {"roles": body["roles"]}
        if path == "/internal/users":
            return {"id": 77, "username": body["username"]}
        return {"ended": 1 if re.search(r"/sessions/", path) else 2}
