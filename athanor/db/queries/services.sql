-- name: register
INSERT INTO services (id, host, pid, started_at, heartbeat_at)
VALUES (%(id)s, %(host)s, %(pid)s, now(), now())
ON CONFLICT (id) DO UPDATE
SET host = excluded.host, pid = excluded.pid, started_at = now(), heartbeat_at = now(), released = false;

-- name: heartbeat
UPDATE services SET heartbeat_at = now(), released = false WHERE id = %(id)s;

-- name: release
UPDATE services SET released = true WHERE id = %(id)s;
