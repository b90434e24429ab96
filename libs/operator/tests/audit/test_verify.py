"""`quill audit verify` on an embedded database of its own."""

import asyncio
import json
from pathlib import Path

import asyncpg
import pytest
from quill_common.embedded import EmbeddedPostgres
from quill_operator.main import app
from typer.testing import CliRunner, Result

pytestmark = pytest.mark.timeout(180)

ADD = """
INSERT INTO auth.audit_entry (action, outcome, recorded_at)
    SELECT 'session.begin', 'success', now() - interval '1 hour' FROM generate_series(1, 5)
"""
SEAL = "SELECT auth.seal_audit(100)"


def verify(*words: str) -> Result:
    return CliRunner().invoke(app, ["audit", "verify", *words])


def run(server: EmbeddedPostgres, *statements: str) -> None:
    async def execute() -> None:
        connection = await asyncpg.connect(server.running_url())
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(execute())


def test_a_whole_chain_is_proved_and_a_broken_cut_or_new_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = EmbeddedPostgres(tmp_path / "data" / "postgres")
    monkeypatch.setenv("QUILL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("QUILL_DATABASE_URL", server.start())
    try:
        assert CliRunner().invoke(app, ["migrate", "up", "auth"]).exit_code == 0
        run(server, ADD)
        late = verify()
        assert (late.exit_code, "5 entries have waited" in late.stderr) == (1, True)

        run(server, SEAL)
        proved = verify()
        assert proved.exit_code == 0, proved.stderr
        assert "whole" in proved.output
        remembered = json.loads((tmp_path / "data/audit-heads.json").read_text())
        assert remembered["auth"]["position"] == 5

        run(server, "UPDATE auth.audit_entry SET action = 'nothing' WHERE position = 3")
        changed = verify()
        assert (changed.exit_code, "auth: position 3" in changed.stderr) == (1, True)

        run(server, "UPDATE auth.audit_entry SET action = 'session.begin', position = NULL, hash = NULL",
            "DELETE FROM auth.audit_entry WHERE id = 3", "DELETE FROM auth.audit_head", ADD, SEAL)  # fmt: skip
        anew = verify()
        assert (anew.exit_code, "written anew" in anew.stderr) == (1, True)
        assert json.loads((tmp_path / "data/audit-heads.json").read_text()) == remembered

        run(server, "TRUNCATE auth.audit_entry, auth.audit_head")
        cut = verify()
        assert (cut.exit_code, "cut off" in cut.stderr) == (1, True)

        (tmp_path / "data/audit-heads.json").write_text("nonsense")
        assert "cannot be understood" in verify().stderr
        assert verify("--forget").exit_code == 0
    finally:
        server.stop()
