"""As much of the public API as the demo needs, in memory, with the contract's answers."""

from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response


class World:
    """What was stored, and every request that changed something."""

    def __init__(self) -> None:
        self.organisations: list[dict[str, Any]] = []
        self.users: list[dict[str, Any]] = []
        self.members: set[tuple[str, int, Any]] = set()
        self.patients: dict[str, dict[str, Any]] = {}
        self.letters: dict[str, list[str]] = {}
        self.conversations: list[dict[str, Any]] = []
        self.writes: list[str] = []
        self.busy = 0  # how many times to answer 429 before a sign-in
        self.broken_path = ""


def api(world: World) -> FastAPI:
    """The API over `world`."""
    app = FastAPI()
    _admit(app, world)
    _people(app, world)
    _records(app, world)
    _talk(app, world)
    return app


def _admit(app: FastAPI, world: World) -> None:
    @app.middleware("http")
    async def admission(request: Request, go_on: Any) -> Any:
        path = request.url.path
        if world.broken_path and path.endswith(world.broken_path):
            return Response('{"detail":"Internal server error"}', 500)
        if request.method != "GET":
            world.writes.append(f"{request.method} {path}")
            signing_in = path == "/api/auth/login"
            if not signing_in and request.headers.get("x-csrf-token") != request.cookies.get("XSRF-TOKEN"):
                return Response('{"detail":"CSRF failed"}', 403)
        return await go_on(request)

    @app.post("/api/auth/login")
    async def login(body: dict[str, str], response: Response) -> dict[str, Any]:
        if world.busy:
            world.busy -= 1
            raise HTTPException(429, headers={"Retry-After": "0"})
        if body["password"] == "wrong":
            raise HTTPException(400, "Invalid credentials")
        response.set_cookie("XSRF-TOKEN", f"of-{body['username']}")
        return {"detail": "ok", "user": {"username": body["username"], "roles": []}}


def _people(app: FastAPI, world: World) -> None:
    create, read = app.post, app.get

    @read("/api/organizations")
    async def organisations() -> dict[str, Any]:
        return {"organizations": world.organisations, "next_cursor": None}

    @create("/api/organizations")
    async def add_organisation(body: dict[str, Any]) -> dict[str, Any]:
        world.organisations.append({"id": len(world.organisations) + 1, **body})
        return world.organisations[-1]

    @read("/api/users")
    async def users(cursor: int = 0) -> dict[str, Any]:
        rest = len(world.users) > cursor + 3
        return {"users": world.users[cursor : cursor + 3], "next_cursor": str(cursor + 3) if rest else None}

    @create("/api/users")
    async def add_user(body: dict[str, Any]) -> dict[str, Any]:
        if body["username"] in [user["username"] for user in world.users]:
            raise HTTPException(400, "Username already exists")
        world.users.append({"id": 100 + len(world.users), **body})
        return world.users[-1]

    @app.patch("/api/users/{user_id}/link-patient")
    async def link(user_id: int, body: dict[str, str]) -> dict[str, Any]:
        next(user for user in world.users if user["id"] == user_id)["fhir_patient_id"] = body["fhir_patient_id"]
        return {}

    @create("/api/organizations/{number}/{kind}")
    async def add_member(number: int, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        member = (kind, number, *body.values())
        if member in world.members:
            raise HTTPException(409, "already a member")
        world.members.add(member)
        return {}


def _records(app: FastAPI, world: World) -> None:
    create, read = app.post, app.get

    @create("/api/patients")
    async def add_patient(body: dict[str, Any]) -> dict[str, Any]:
        if body["patient_id"] in world.patients:
            raise HTTPException(409, "Patient already exists")
        world.patients[body["patient_id"]] = body
        return body

    @read("/api/patients/{patient_id}/letters")
    async def letters(patient_id: str) -> dict[str, Any]:
        return {"letters": [{"title": title} for title in world.letters.get(patient_id, [])]}

    @create("/api/patients/{patient_id}/letters")
    async def write(patient_id: str, body: dict[str, str]) -> dict[str, Any]:
        world.letters.setdefault(patient_id, []).append(body["title"])
        return {}


def _talk(app: FastAPI, world: World) -> None:
    create, read = app.post, app.get

    @read("/api/conversations")
    async def conversations(patient_id: str) -> dict[str, Any]:
        return {"conversations": [one for one in world.conversations if one["patient_id"] == patient_id]}

    @create("/api/conversations")
    async def begin(body: dict[str, Any]) -> dict[str, Any]:
        world.conversations.append({"id": 1, "messages": [body["initial_message"]], **body})
        return world.conversations[-1]

    @create("/api/conversations/{number}/messages")
    async def send(number: int, body: dict[str, str]) -> dict[str, Any]:
        world.conversations[number - 1]["messages"].append(body["body"])
        return {}
