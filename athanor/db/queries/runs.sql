-- name: create
INSERT INTO runs (id, instance_id, experiment, status, configuration, isolation, seed, provenance, created_at, owner)
VALUES (%(id)s, %(instance_id)s, %(experiment)s, 'pending', %(configuration)s, %(isolation)s, %(seed)s,
        %(provenance)s, clock_timestamp(), %(owner)s);

-- name: create_cursor
INSERT INTO run_cursors (run_id, owner) VALUES (%(id)s, %(owner)s);

-- name: select
SELECT r.id, r.instance_id, i.name AS instance_name, r.experiment, r.status, r.configuration, r.isolation,
       r.seed, r.attempt, r.revision, r.progress, r.cancel, r.provenance, r.created_at, r.started_at,
       r.finished_at, r.error, r.exit, r.owner,
       c.seq, c.logs, c.results, c.metrics, c.logs_debug, c.logs_info, c.logs_warn, c.logs_error,
       c.metric_names,
       CASE WHEN r.status = 'pending' THEN (
           SELECT count(*) FROM runs p
           WHERE p.status = 'pending' AND (p.created_at, p.id) <= (r.created_at, r.id)
       ) END AS queue_position
FROM runs r
JOIN instances i ON i.id = r.instance_id
JOIN run_cursors c ON c.run_id = r.id

-- name: where_listed
WHERE (%(statuses)s::text[] IS NULL OR r.status = ANY (%(statuses)s))
  AND (%(instance_id)s::uuid IS NULL OR r.instance_id = %(instance_id)s)
  AND (%(experiment)s::text IS NULL OR r.experiment = %(experiment)s)
  AND (%(before_at)s::timestamptz IS NULL OR (r.created_at, r.id) < (%(before_at)s, %(before_id)s))
ORDER BY r.created_at DESC, r.id DESC
LIMIT %(limit)s

-- name: where_unfinished
WHERE r.status IN ('pending', 'running') AND r.owner = %(owner)s
ORDER BY r.created_at, r.id

-- name: where_orphaned
JOIN services s ON s.id = r.owner
WHERE r.status IN ('pending', 'running') AND r.owner <> %(owner)s
  AND (s.released OR s.heartbeat_at < now() - make_interval(secs => %(lease_s)s))
ORDER BY r.created_at, r.id
LIMIT %(limit)s

-- name: start
UPDATE runs SET status = 'running', started_at = clock_timestamp(), revision = revision + 1
WHERE id = %(id)s AND owner = %(owner)s AND status = 'pending';

-- name: finish
UPDATE runs
SET status = %(status)s, finished_at = greatest(clock_timestamp(), started_at), error = %(error)s,
    exit = %(exit)s, cancel = coalesce(%(cancel)s, cancel), revision = revision + 1
WHERE id = %(id)s AND owner = %(owner)s AND status IN ('pending', 'running')
  AND (status = 'running' OR %(status)s <> 'completed');

-- name: save_progress
UPDATE runs SET progress = %(progress)s, revision = revision + 1
WHERE id = %(id)s AND owner = %(owner)s AND status = 'running';

-- name: save_cancellation
UPDATE runs SET cancel = %(cancel)s, revision = revision + 1
WHERE id = %(id)s AND owner = %(owner)s AND status IN ('pending', 'running');

-- name: adopt
UPDATE runs r SET owner = %(new_owner)s, revision = revision + 1
WHERE r.id = %(id)s AND r.owner = %(owner)s AND r.status IN ('pending', 'running')
  AND NOT EXISTS (
      SELECT FROM services s
      WHERE s.id = %(owner)s AND NOT s.released
        AND s.heartbeat_at >= now() - make_interval(secs => %(lease_s)s)
  );

-- name: adopt_cursor
UPDATE run_cursors SET owner = %(new_owner)s WHERE run_id = %(id)s;

-- name: touch_instance
UPDATE instances i SET activity_at = clock_timestamp(), revision = i.revision + 1
FROM runs r WHERE r.id = %(id)s AND i.id = r.instance_id;

-- name: lock
SELECT status FROM runs WHERE id = %(id)s FOR UPDATE;

-- name: delete
DELETE FROM runs WHERE id = ANY (%(ids)s);

-- name: delete_logs
DELETE FROM run_logs WHERE run_id = ANY (%(ids)s);

-- name: delete_results
DELETE FROM run_results WHERE run_id = ANY (%(ids)s);

-- name: delete_metrics
DELETE FROM run_metrics WHERE run_id = ANY (%(ids)s);
