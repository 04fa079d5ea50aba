-- name: create
INSERT INTO instances (id, experiment, name, description, configuration, created_at, updated_at, activity_at)
VALUES (%(id)s, %(experiment)s, %(name)s, %(description)s, %(configuration)s, now(), now(), now());

-- name: get
SELECT i.id, i.experiment, i.name, i.description, i.configuration, i.created_at, i.updated_at,
       i.activity_at, i.revision,
       (SELECT count(*) FROM runs r WHERE r.instance_id = i.id) AS run_count,
       recent.runs AS recent_runs
FROM instances i
LEFT JOIN LATERAL (
    SELECT json_agg(json_build_array(r.id, r.status, r.started_at, r.finished_at, r.created_at)
                    ORDER BY r.created_at, r.id) AS runs
    FROM (SELECT * FROM runs WHERE instance_id = i.id ORDER BY created_at DESC, id DESC LIMIT 20) r
) recent ON true
WHERE i.id = %(id)s;

-- name: list
SELECT i.id, i.experiment, i.name, i.description, i.configuration, i.created_at, i.updated_at,
       i.activity_at, i.revision,
       (SELECT count(*) FROM runs r WHERE r.instance_id = i.id) AS run_count,
       recent.runs AS recent_runs
FROM (
    SELECT * FROM instances
    WHERE %(before_at)s::timestamptz IS NULL OR (activity_at, id) < (%(before_at)s, %(before_id)s)
    ORDER BY activity_at DESC, id DESC
    LIMIT %(limit)s
) i
LEFT JOIN LATERAL (
    SELECT json_agg(json_build_array(r.id, r.status, r.started_at, r.finished_at, r.created_at)
                    ORDER BY r.created_at, r.id) AS runs
    FROM (SELECT * FROM runs WHERE instance_id = i.id ORDER BY created_at DESC, id DESC LIMIT 20) r
) recent ON true
ORDER BY i.activity_at DESC, i.id DESC;

-- name: lock
SELECT edited_revision, revision FROM instances WHERE id = %(id)s FOR UPDATE;

-- name: update
UPDATE instances
SET name = coalesce(%(name)s, name),
    description = coalesce(%(description)s, description),
    configuration = coalesce(%(configuration)s, configuration),
    updated_at = now(), revision = revision + 1, edited_revision = revision + 1
WHERE id = %(id)s;

-- name: touch
UPDATE instances SET activity_at = clock_timestamp(), revision = revision + 1 WHERE id = %(id)s;

-- name: runs_of
SELECT id, status FROM runs WHERE instance_id = %(id)s ORDER BY created_at, id;

-- name: delete
DELETE FROM instances WHERE id = %(id)s;
