"""The audit trail: partitioned, append-only for the service's role, sealed by functions of its owner."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "shared_0002"
down_revision: str | None = "shared_0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_FACTS = """actor_id, actor_service, session_id, action, outcome, patient_id, patient_ids, subject_user_id, target,
            request_id, address, details"""

_TABLES = """
CREATE SEQUENCE audit_entry_id_seq;
CREATE TABLE audit_entry (
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    id bigint NOT NULL DEFAULT nextval('audit_entry_id_seq'),
    actor_id bigint,
    actor_service text,
    session_id uuid,
    action text NOT NULL,
    outcome text NOT NULL,
    patient_id text,
    patient_ids text[],
    subject_user_id bigint,
    target text,
    request_id text,
    address text,
    details json,
    position bigint,
    hash bytea,
    CONSTRAINT pk_audit_entry PRIMARY KEY (recorded_at, id),
    CONSTRAINT ck_audit_entry_outcome CHECK (outcome IN ('success', 'refused', 'failed')),
    CONSTRAINT ck_audit_entry_flat CHECK (array_ndims(patient_ids) = 1)
) PARTITION BY RANGE (recorded_at);
ALTER SEQUENCE audit_entry_id_seq OWNED BY audit_entry.id;
CREATE INDEX ix_audit_entry_unsealed ON audit_entry (id) WHERE position IS NULL;
CREATE INDEX ix_audit_entry_position ON audit_entry (position) WHERE position IS NOT NULL;
CREATE INDEX ix_audit_entry_of_patient ON audit_entry (patient_id, recorded_at, id) WHERE patient_id IS NOT NULL;
CREATE INDEX ix_audit_entry_of_patients ON audit_entry USING gin (patient_ids) WHERE patient_ids IS NOT NULL;
CREATE TABLE audit_entry_default PARTITION OF audit_entry DEFAULT;
CREATE TABLE audit_head (
    single boolean NOT NULL DEFAULT true,
    position bigint NOT NULL,
    hash bytea NOT NULL,
    sealed_at timestamptz NOT NULL,
    CONSTRAINT pk_audit_head PRIMARY KEY (single),
    CONSTRAINT ck_audit_head_one_row CHECK (single)
);
"""

# `{path}` is the schema itself, and then nothing that anybody else could fill.
# Netstrings: `4:text,` for a value and `-,` for none. `quill_common/audit/canonical.py` says the same in Python.
_NETSTRING = """
CREATE FUNCTION audit_netstring(value text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN value IS NULL THEN '-,' ELSE octet_length(convert_to(value, 'UTF8')) || ':' || value || ',' END
$$
"""

# Fast enough to be called for each row: plpgsql keeps its plan, and a STABLE `audit_netstring` is folded into it.
_CANONICAL = """
CREATE FUNCTION audit_canonical(entry audit_entry, place bigint) RETURNS bytea LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN convert_to(concat(
        audit_netstring(place::text),
        audit_netstring(entry.id::text),
        audit_netstring((extract(epoch FROM entry.recorded_at) * 1000000)::bigint::text),
        audit_netstring(entry.actor_id::text),
        audit_netstring(entry.actor_service),
        audit_netstring(entry.session_id::text),
        audit_netstring(entry.action),
        audit_netstring(entry.outcome),
        audit_netstring(entry.patient_id),
        CASE WHEN entry.patient_ids IS NULL THEN '-,' ELSE audit_netstring(coalesce((
            SELECT string_agg(audit_netstring(each.id), '' ORDER BY each.nth)
            FROM unnest(entry.patient_ids) WITH ORDINALITY AS each (id, nth)
        ), '')) END,
        audit_netstring(entry.subject_user_id::text),
        audit_netstring(entry.target),
        audit_netstring(entry.request_id),
        audit_netstring(entry.address),
        audit_netstring(entry.details::text)
    ), 'UTF8');
END $$
"""

# Each statement of a volatile function has a snapshot of its own, so what is read after the lock is the newest head.
# Without `enable_seqscan = off` a plan kept since the table was nearly empty reads the whole month for each row.
_SEAL = """
CREATE FUNCTION seal_audit(at_most integer) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = {path} SET enable_seqscan = off AS $$
DECLARE
    entry audit_entry;
    last audit_head;
    sealed integer := 0;
BEGIN
    IF NOT EXISTS (SELECT FROM audit_entry WHERE position IS NULL) THEN
        RETURN 0;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('quill audit ' || current_schema()));
    SELECT * INTO last FROM audit_head;
    IF NOT FOUND THEN
        last.position := 0;
        last.hash := '';
    END IF;
    FOR entry IN SELECT * FROM audit_entry WHERE position IS NULL ORDER BY id LIMIT least(at_most, 10000) LOOP
        last.position := last.position + 1;
        last.hash := sha256(last.hash || audit_canonical(entry, last.position));
        UPDATE audit_entry SET position = last.position, hash = last.hash
            WHERE recorded_at = entry.recorded_at AND id = entry.id;
        sealed := sealed + 1;
    END LOOP;
    IF sealed > 0 THEN
        INSERT INTO audit_head (position, hash, sealed_at) VALUES (last.position, last.hash, clock_timestamp())
            ON CONFLICT (single) DO UPDATE SET position = last.position, hash = last.hash,
                sealed_at = clock_timestamp();
    END IF;
    RETURN sealed;
END $$
"""

# ATTACH lets readers and writers of other months go on; rows that the net caught meanwhile move to their month.
_PARTITIONS = """
CREATE FUNCTION make_audit_partitions() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = {path} AS $$
DECLARE
    first timestamptz;
    beyond timestamptz;
    part text;
    other regrole;
BEGIN
    FOR ahead IN 0..2 LOOP
        first := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead)) AT TIME ZONE 'UTC';
        beyond := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead + 1))
            AT TIME ZONE 'UTC';
        part := 'audit_entry_' || to_char(first AT TIME ZONE 'UTC', 'YYYY_MM');
        CONTINUE WHEN to_regclass(part) IS NOT NULL;
        PERFORM pg_advisory_xact_lock(hashtext('quill audit ' || current_schema()));
        CONTINUE WHEN to_regclass(part) IS NOT NULL;
        LOCK TABLE audit_entry_default IN ACCESS EXCLUSIVE MODE;
        EXECUTE format('CREATE TABLE %I (LIKE audit_entry INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part);
        FOR other IN SELECT DISTINCT acl.grantee::regrole FROM pg_class, aclexplode(relacl) AS acl
            WHERE pg_class.oid = to_regclass(part) AND acl.grantee NOT IN (0, relowner)
        LOOP
            EXECUTE format('REVOKE ALL ON %I FROM %s', part, other);
        END LOOP;
        EXECUTE format(
            'WITH moved AS (DELETE FROM audit_entry_default WHERE recorded_at >= %L AND recorded_at < %L RETURNING *) '
            'INSERT INTO %I SELECT * FROM moved', first, beyond, part);
        EXECUTE format('ALTER TABLE audit_entry ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            part, first, beyond);
    END LOOP;
END $$
"""

# Provisioning opens all tables to the service's role; afterwards it calls this, and so does this migration.
_RESTRICT = """
CREATE FUNCTION restrict_audit(role name) RETURNS void LANGUAGE plpgsql
SET search_path = {path} AS $$
DECLARE
    part regclass;
BEGIN
    FOR part IN SELECT relid FROM pg_partition_tree('audit_entry') UNION ALL SELECT 'audit_head'::regclass LOOP
        EXECUTE format('REVOKE ALL ON %s FROM %I', part, role);
    END LOOP;
    EXECUTE format('GRANT SELECT ON audit_entry, audit_head TO %I', role);
    EXECUTE format('GRANT INSERT ({facts}) ON audit_entry TO %I', role);
    EXECUTE format('GRANT USAGE ON SEQUENCE audit_entry_id_seq TO %I', role);
    EXECUTE format('GRANT EXECUTE ON FUNCTION seal_audit(integer), make_audit_partitions() TO %I', role);
END $$
"""

_FUNCTIONS = (
    "restrict_audit(name)",
    "make_audit_partitions()",
    "seal_audit(integer)",
    "audit_canonical(audit_entry, bigint)",
    "audit_netstring(text)",
)

_RESTRICT_ROLE_THAT_IS = """
SELECT restrict_audit(rolname) FROM pg_roles WHERE rolname = current_database() || '_' || current_schema()
"""


def upgrade() -> None:
    schema = op.get_bind().scalar(sa.text("SELECT quote_ident(current_schema())"))
    for statement in (_TABLES, _NETSTRING, _CANONICAL, _SEAL, _PARTITIONS, _RESTRICT):
        for single in statement.split(";\n") if statement is _TABLES else (statement,):
            if single.strip():
                op.get_bind().exec_driver_sql(single.replace("{path}", f"{schema}, pg_temp").replace("{facts}", _FACTS))
    for function in _FUNCTIONS:
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
    op.execute("SELECT make_audit_partitions()")
    op.execute(_RESTRICT_ROLE_THAT_IS)


def downgrade() -> None:
    for function in _FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    op.drop_table("audit_head")
    op.drop_table("audit_entry")
