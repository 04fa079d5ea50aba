-- name: move_cursors
UPDATE run_cursors c
SET byte_offset = b.to_offset, seq = b.last_seq,
    logs = c.logs + b.logs, results = c.results + b.results, metrics = c.metrics + b.metrics,
    logs_debug = c.logs_debug + b.logs_debug, logs_info = c.logs_info + b.logs_info,
    logs_warn = c.logs_warn + b.logs_warn, logs_error = c.logs_error + b.logs_error
FROM unnest(
    %(run_ids)s::uuid[], %(attempts)s::integer[], %(from_offsets)s::bigint[], %(to_offsets)s::bigint[],
    %(last_seqs)s::bigint[], %(logs)s::bigint[], %(results)s::bigint[], %(metrics)s::bigint[],
    %(logs_debug)s::bigint[], %(logs_info)s::bigint[], %(logs_warn)s::bigint[], %(logs_error)s::bigint[]
) AS b (run_id, attempt, from_offset, to_offset, last_seq, logs, results, metrics,
        logs_debug, logs_info, logs_warn, logs_error)
WHERE c.run_id = b.run_id AND c.attempt = b.attempt AND c.byte_offset = b.from_offset
  AND c.owner = %(owner)s
RETURNING c.run_id;

-- name: set_metric_names
UPDATE run_cursors SET metric_names = %(names)s WHERE run_id = %(run_id)s;

-- name: copy_logs
COPY run_logs (run_id, seq, at, attempt, level, message, metadata) FROM STDIN;

-- name: copy_results
COPY run_results (run_id, seq, at, attempt, key, value) FROM STDIN;

-- name: copy_metrics
COPY run_metrics (run_id, seq, at, attempt, name, step, value) FROM STDIN;

-- name: cursor
SELECT attempt, byte_offset, seq, logs, results, metrics, logs_debug, logs_info, logs_warn, logs_error,
       metric_names
FROM run_cursors WHERE run_id = %(run_id)s;

-- name: logs_forward
SELECT seq, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), attempt, level, message,
       metadata::text
FROM run_logs
WHERE run_id = %(run_id)s AND seq > %(after)s AND seq < %(before)s
  AND (%(level)s::smallint IS NULL OR level >= %(level)s)
  AND (%(pattern)s::text IS NULL OR message ILIKE %(pattern)s)
ORDER BY seq LIMIT %(limit)s;

-- name: logs_backward
SELECT seq, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), attempt, level, message,
       metadata::text
FROM run_logs
WHERE run_id = %(run_id)s AND seq > %(after)s AND seq < %(before)s
  AND (%(level)s::smallint IS NULL OR level >= %(level)s)
  AND (%(pattern)s::text IS NULL OR message ILIKE %(pattern)s)
ORDER BY seq DESC LIMIT %(limit)s;

-- name: results
SELECT seq, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), attempt, key,
       octet_length(value::text),
       CASE WHEN octet_length(value::text) > %(whole)s THEN left(value::text, %(preview)s) ELSE value::text END
FROM run_results
WHERE run_id = %(run_id)s AND seq > %(after)s AND seq < %(before)s
  AND (%(key)s::text IS NULL OR key = %(key)s)
ORDER BY seq LIMIT %(limit)s;

-- name: result
SELECT seq, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), attempt, key, value::text
FROM run_results WHERE run_id = %(run_id)s AND seq = %(seq)s;

-- name: metrics
SELECT seq, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), attempt, name, step, value
FROM run_metrics
WHERE run_id = %(run_id)s AND seq > %(after)s AND seq < %(before)s
ORDER BY seq LIMIT %(limit)s;

-- name: series_size
SELECT count(*) FROM run_metrics WHERE run_id = %(run_id)s AND name = %(name)s;

-- name: series_whole
SELECT step, value, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
FROM run_metrics WHERE run_id = %(run_id)s AND name = %(name)s ORDER BY seq;

-- name: series_downsampled
-- Buckets of equal count; of each the first and last point, the least and the greatest, so that no
-- spike is lost. NaN sorts above everything in PostgreSQL, so it survives as the greatest.
WITH points AS (
    SELECT seq, step, value, at, ntile(%(buckets)s) OVER (ORDER BY seq) AS bucket
    FROM run_metrics WHERE run_id = %(run_id)s AND name = %(name)s
), ranked AS (
    SELECT seq, step, value, at,
           row_number() OVER (PARTITION BY bucket ORDER BY seq) AS first,
           row_number() OVER (PARTITION BY bucket ORDER BY seq DESC) AS last,
           row_number() OVER (PARTITION BY bucket ORDER BY value, seq) AS least,
           row_number() OVER (PARTITION BY bucket ORDER BY value DESC, seq) AS greatest
    FROM points
)
SELECT step, value, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
FROM ranked WHERE first = 1 OR last = 1 OR least = 1 OR greatest = 1
ORDER BY seq;
