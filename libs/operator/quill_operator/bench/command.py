"""`quill bench`, alone or with the name of one measurement."""

import asyncio

import typer
from quill_common.settings import load
from rich.box import MARKDOWN
from rich.table import Column, Table

from quill_operator.administrator import administrator
from quill_operator.bench import events, gateway
from quill_operator.bench.budgets import BUDGETS, EVENT_P50_MS, EVENT_P99_MS, GATEWAY_BUDGET, MEMORY_BUDGET_MIB
from quill_operator.bench.load import Measured, measure
from quill_operator.bench.make_patients_command import make_patients
from quill_operator.bench.processes import Processes
from quill_operator.bench.scenarios import Scenario, scenarios, signed_in
from quill_operator.bench.scene import Scene, is_limited, prepare
from quill_operator.bench.sign_in_command import sign_in
from quill_operator.bench.size_command import size
from quill_operator.console import console, refuse
from quill_operator.run.preparation import embedded_server
from quill_operator.run_file import Running, read
from quill_operator.settings import OperatorSettings

REPORT_WIDTH = 120


bench = typer.Typer(name="bench")
bench.command(name="sign-in")(sign_in)
bench.command(name="make-patients")(make_patients)
bench.command(name="size")(size)


@bench.callback(invoke_without_command=True)
def budgets(context: typer.Context) -> None:
    """Measure the running system against the design's budgets. It makes its own data; use a system of its own."""
    if context.invoked_subcommand is not None:
        return
    settings = load(OperatorSettings)
    running = read(settings.folder)
    if not running:
        refuse(f"nothing runs on {settings.folder}; start `make run` first")
    asyncio.run(_bench(settings, running))


async def _bench(settings: OperatorSettings, running: dict[str, Running]) -> None:
    admin = administrator(settings.model_copy(update={"demo": "on"}))
    assert admin is not None  # noqa: S101 - there is always one for the demo
    url, processes = running["gateway"]["url"], Processes(running)
    if await is_limited(url):
        refuse("rate limits are on, so refusals would be measured; start the system with QUILL_RATE_LIMITS=off")
    console.print("Making 1,000 patients and 200 conversations …")
    scene = await prepare(url, admin.username, admin.password)
    measured = {s.name: await _measure(url, scene, s, processes) for s in scenarios(url, scene)}
    console.print(_requests(measured), width=REPORT_WIDTH)
    through, straight = await gateway.added_ms(url, running["auth"]["url"], scene)
    console.print(f"The gateway adds {through - straight:.2f} ms at the median ({through:.2f} against {straight:.2f}).")
    database_url = settings.database_url or embedded_server(settings.folder).running_url()
    latency = await events.measure(url, database_url, scene)
    console.print(
        f"Commit to projection, {latency.events} events at {events.PER_SECOND}/s: "
        f"p50 {latency.p50_ms:.1f} ms (budget {EVENT_P50_MS}), p99 {latency.p99_ms:.1f} ms (budget {EVENT_P99_MS})."
    )
    console.print(_memory(processes), width=REPORT_WIDTH)


async def _measure(url: str, scene: Scene, scenario: Scenario, processes: Processes) -> Measured:
    username, password = scene.username, scene.password
    if scenario.admin:
        username, password = scene.admin_username, scene.admin_password
    sessions = await signed_in(url, username, password, shared=not scenario.own_sessions)
    try:
        return await measure(scenario.ask, sessions, processes, scenario.requests)
    finally:
        for session in sessions:
            await session.close()


def _requests(measured: dict[str, Measured]) -> Table:
    request = Column("request", min_width=max(map(len, BUDGETS)), no_wrap=True)
    headings = ("CPU ms", "budget", "gateway", "service", "req/s", "p50 ms", "p99 ms")
    table = Table(request, *headings, title="Requests", box=MARKDOWN)
    for name, result in measured.items():
        own = result.cpu_ms["gateway"]
        table.add_row(
            name,
            _held(result.total_ms, BUDGETS[name]),
            f"{BUDGETS[name]:g}",
            _held(own, GATEWAY_BUDGET),
            f"{result.total_ms - own:.2f}",
            f"{result.per_second:.0f}",
            f"{result.p50_ms:.1f}",
            f"{result.p99_ms:.1f}",
        )
    return table


def _memory(processes: Processes) -> Table:
    table = Table("process", f"MiB (budget {MEMORY_BUDGET_MIB})", title="Memory", box=MARKDOWN)
    for name, mib in processes.memory_mib().items():
        table.add_row(name, _held(mib, MEMORY_BUDGET_MIB))
    return table


def _held(value: float, budget: float) -> str:
    return f"{value:.2f}" if value <= budget else f"[red]**{value:.2f}**[/]"
