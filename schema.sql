-- The schema of Athanor as it is now: what the migrations in athanor/db/migrations come to,
-- which tests/integration/db/test_migrations.py holds. To read first, and to hand to people who come with SQL.
--
-- json, not jsonb, holds what users emit: it keeps the very bytes that the page saw and refuses
-- no \u0000, no lone surrogate and no number. The three tables that grow have no index but
-- their key, and no foreign key, so that ingest pays for nothing else.

CREATE TABLE schema_migrations (
    version integer PRIMARY KEY,
    name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- A service holds its lease while heartbeat_at is fresh; released is set by an orderly stop.
CREATE TABLE services (
    id uuid PRIMARY KEY,
    host text NOT NULL,
    pid integer NOT NULL,
    started_at timestamptz NOT NULL,
    heartbeat_at timestamptz NOT NULL,
    released boolean NOT NULL DEFAULT false
);

-- revision grows with each change, those of the statistics included; edited_revision is its value
-- at the last edit, so that a run which ends does not make somebody's open form stale.
CREATE TABLE instances (
    id uuid PRIMARY KEY,
    experiment text NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    configuration json NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    activity_at timestamptz NOT NULL,
    revision bigint NOT NULL DEFAULT 1,
    edited_revision bigint NOT NULL DEFAULT 1
);

CREATE INDEX instances_by_activity ON instances (activity_at DESC, id DESC);

CREATE TABLE runs (
    id uuid PRIMARY KEY,
    instance_id uuid NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
    experiment text NOT NULL,
    status text NOT NULL,
    configuration json NOT NULL,
    isolation text NOT NULL,
    seed bigint NOT NULL,
    attempt integer NOT NULL DEFAULT 1,
    revision bigint NOT NULL DEFAULT 1,
    progress json,
    cancel json,
    provenance json NOT NULL,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    error text,
    exit json,
    owner uuid NOT NULL,
    CONSTRAINT runs_status CHECK (status IN ('pending', 'running', 'completed', 'failed', 'cancelled')),
    CONSTRAINT runs_isolation CHECK (isolation IN ('process', 'thread')),
    CONSTRAINT runs_started CHECK (
        (status <> 'pending' OR started_at IS NULL)
        AND (status NOT IN ('running', 'completed') OR started_at IS NOT NULL)
    ),
    CONSTRAINT runs_finished CHECK (
        (status IN ('completed', 'failed', 'cancelled')) = (finished_at IS NOT NULL)
        AND (status IN ('completed', 'failed', 'cancelled')) = (exit IS NOT NULL)
    )
);

CREATE INDEX runs_by_creation ON runs (created_at DESC, id DESC);
CREATE INDEX runs_by_instance ON runs (instance_id, created_at DESC, id DESC);
CREATE INDEX runs_unfinished ON runs (created_at, id) WHERE status IN ('pending', 'running');

-- The state machine of athanor/domain/run.py, held against everybody who can write SQL.
CREATE FUNCTION runs_keep_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status <> NEW.status AND (
        OLD.status IN ('completed', 'failed', 'cancelled')
        OR (OLD.status = 'pending' AND NEW.status = 'completed')
        OR NEW.status = 'pending'
    ) THEN
        RAISE EXCEPTION 'a run that is % does not become %', OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'runs_keep_final';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER runs_keep_final BEFORE UPDATE OF status ON runs
    FOR EACH ROW EXECUTE FUNCTION runs_keep_final();

-- How far a run's journal is committed. Moved once a batch, so narrow and with room on its page.
CREATE TABLE run_cursors (
    run_id uuid PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    owner uuid NOT NULL,
    attempt integer NOT NULL DEFAULT 1,
    byte_offset bigint NOT NULL DEFAULT 0,
    seq bigint NOT NULL DEFAULT 0,
    logs bigint NOT NULL DEFAULT 0,
    results bigint NOT NULL DEFAULT 0,
    metrics bigint NOT NULL DEFAULT 0,
    logs_debug bigint NOT NULL DEFAULT 0,
    logs_info bigint NOT NULL DEFAULT 0,
    logs_warn bigint NOT NULL DEFAULT 0,
    logs_error bigint NOT NULL DEFAULT 0,
    metric_names text[] NOT NULL DEFAULT '{}'
) WITH (fillfactor = 50);

-- level: 10 debug, 20 info, 30 warn, 40 error.
CREATE TABLE run_logs (
    run_id uuid NOT NULL,
    seq bigint NOT NULL,
    at timestamptz NOT NULL,
    attempt integer NOT NULL,
    level smallint NOT NULL,
    message text NOT NULL,
    metadata json NOT NULL,
    PRIMARY KEY (run_id, seq)
);

CREATE TABLE run_results (
    run_id uuid NOT NULL,
    seq bigint NOT NULL,
    at timestamptz NOT NULL,
    attempt integer NOT NULL,
    key text NOT NULL,
    value json NOT NULL,
    PRIMARY KEY (run_id, seq)
);

CREATE TABLE run_metrics (
    run_id uuid NOT NULL,
    seq bigint NOT NULL,
    at timestamptz NOT NULL,
    attempt integer NOT NULL,
    name text NOT NULL,
    step bigint,
    value double precision NOT NULL,
    PRIMARY KEY (run_id, seq)
);
