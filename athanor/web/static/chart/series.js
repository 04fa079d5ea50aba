/** From the points of a metric to what is drawn: order, gaps, smoothing, and what to say of them. */

/** @typedef {number | "NaN" | "Infinity" | "-Infinity"} MetricValue */
/** @typedef {readonly [step: number | null, value: MetricValue, at_ms: number]} Point */
/** @typedef {"step" | "time"} XAxis */

/**
 * @typedef {object} Series
 * @property {number[]} x Ascending: steps, or seconds since 1970.
 * @property {(number | null)[]} raw null where nothing can be drawn.
 * @property {(number | null)[] | null} smooth The moving average; null when there is none.
 * @property {number[]} order For each place in `x`, the index of the point.
 */

/**
 * @typedef {object} Summary
 * @property {number} count All points.
 * @property {number} notFinite NaN and infinities.
 * @property {number} notPositive Finite ones that a logarithm cannot show.
 * @property {MetricValue | null} last
 * @property {number | null} minimum
 * @property {number | null} maximum
 */

/**
 * @param {readonly Point[]} points In the order they were emitted.
 * @param {{x: XAxis, log: boolean, smoothing: number}} options
 * @returns {Series}
 */
export function seriesOf(points, { x: axis, log, smoothing }) {
  const count = points.length;
  /** @type {number[]} */
  const x = new Array(count);
  /** @type {(number | null)[]} */
  const raw = new Array(count);
  let sorted = true;
  for (let i = 0; i < count; i += 1) {
    const [step, value, at] = /** @type {Point} */ (points[i]);
    const here = axis === "time" ? at / 1000 : (step ?? i);
    x[i] = here;
    raw[i] = typeof value === "number" && Number.isFinite(value) && (!log || value > 0) ? value : null;
    if (i > 0 && here < /** @type {number} */ (x[i - 1])) sorted = false;
  }
  const order = Array.from({ length: count }, (_, i) => i);
  if (sorted) return { x, raw, smooth: smoothed(raw, smoothing), order };
  // A restarted run begins again at an earlier step; the sort is stable, so of one step the later stays later.
  order.sort((a, b) => /** @type {number} */ (x[a]) - /** @type {number} */ (x[b]));
  const sortedRaw = order.map((i) => raw[i] ?? null);
  return { x: order.map((i) => /** @type {number} */ (x[i])), raw: sortedRaw, smooth: smoothed(sortedRaw, smoothing), order };
}

/**
 * The exponential moving average, without the pull towards zero of its first values; gaps stay gaps.
 *
 * @param {readonly (number | null)[]} values
 * @param {number} weight From 0, none, to below 1: how much of the past each value keeps.
 * @returns {(number | null)[] | null}
 */
export function smoothed(values, weight) {
  if (weight <= 0) return null;
  let sum = 0;
  let total = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = sum * weight + value * (1 - weight);
    total = total * weight + (1 - weight);
    return sum / total;
  });
}

/**
 * @param {readonly Point[]} points
 * @returns {Summary}
 */
export function summaryOf(points) {
  let minimum = Infinity;
  let maximum = -Infinity;
  let notFinite = 0;
  let notPositive = 0;
  for (const [, value] of points) {
    if (typeof value !== "number" || !Number.isFinite(value)) {
      notFinite += 1;
      continue;
    }
    if (value <= 0) notPositive += 1;
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  }
  const some = points.length > notFinite;
  return {
    count: points.length,
    notFinite,
    notPositive,
    last: points.length > 0 ? /** @type {Point} */ (points[points.length - 1])[1] : null,
    minimum: some ? minimum : null,
    maximum: some ? maximum : null,
  };
}

/**
 * The places in a series that no line goes through, because both neighbours are missing.
 *
 * @param {readonly (number | null | undefined)[]} values
 * @param {number} from
 * @param {number} to Included.
 * @returns {number[]}
 */
export function lonePlaces(values, from, to) {
  const lone = [];
  for (let i = from; i <= to; i += 1) {
    if (isNothing(values[i])) continue;
    if (isNothing(values[i - 1]) && isNothing(values[i + 1])) lone.push(i);
  }
  return lone;
}

/** @param {number | null | undefined} value */
function isNothing(value) {
  return value === null || value === undefined;
}
