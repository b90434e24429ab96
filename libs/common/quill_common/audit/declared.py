"""How a route says that it is audited, and how its handler adds what only it knows."""

from typing import Annotated, Any, cast

from fastapi import Depends, Request, params

from quill_common.audit.trail import Trail


class Declared:
    """The mark of an audited route. `WorkRoute` reads it before anything is decided, so it has nothing to run."""

    def __init__(self, action: str) -> None:
        self.action = action

    async def __call__(self) -> None:
        return


def Audited(action: str) -> Any:  # noqa: N802 - reads as FastAPI's own `Depends`
    """`dependencies=[Audited("patient.read")]`: good answers and refusals (403, 404, 410) of this route are recorded.

    A good answer of a transaction is recorded in it; any other, and a refusal, before the answer leaves: what cannot
    be recorded is answered with 503. The action is `<noun>.<verb>` in lower case.
    """
    return Depends(Declared(action))


def declared_action(dependencies: list[params.Depends]) -> str | None:
    """The action of a route with these dependencies, None when it is not audited."""
    found = [each.dependency.action for each in dependencies if isinstance(each.dependency, Declared)]
    return found[-1] if found else None


async def _note(request: Request) -> Trail:
    return cast(Trail, request.state.work.trail)


Note = Annotated[Trail, Depends(_note)]
