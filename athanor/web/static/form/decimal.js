/** Numbers as people type them, and steps that keep every digit. */

import { numberFromText, RawNumber } from "./lossless-json.js";

/**
 * The number a text stands for, in the forms people write: `.5`, `+3`, `1_000`, `1e-3`.
 *
 * @param {string} text
 * @returns {number | RawNumber | null} null when it is not a finite number.
 */
export function readNumber(text) {
  const plain = text.trim().replaceAll(/(\d)_(?=\d)/g, "$1").replaceAll("\u2212", "-");
  const match = /^([+-]?)(\d*)(?:\.(\d*))?([eE][+-]?\d+)?$/.exec(plain);
  if (!match) return null;
  const [, sign = "", whole = "", fraction, exponent = ""] = match;
  if (whole === "" && !fraction) return null;
  const digits = whole.replace(/^0+(?=\d)/, "") || "0";
  const point = fraction === undefined ? "" : fraction === "" ? ".0" : `.${fraction}`;
  return numberFromText(`${sign === "-" ? "-" : ""}${digits}${point}${exponent}`);
}

/**
 * @param {any} value
 * @returns {string} Its text when it is a number, else "".
 */
export function numberText(value) {
  if (typeof value === "number") return Object.is(value, -0) ? "-0.0" : String(value);
  return value instanceof RawNumber || typeof value === "bigint" ? String(value) : "";
}

/**
 * @typedef {object} Bounds
 * @property {any} [minimum]
 * @property {any} [maximum]
 * @property {any} [exclusiveMinimum]
 * @property {any} [exclusiveMaximum]
 * @property {any} [multipleOf]
 */

/**
 * The number some steps on from `text`, within the bounds and on the grid of `multipleOf`.
 *
 * @param {string} text What stands in the field; anything but a number counts as nothing.
 * @param {number} steps
 * @param {Bounds} bounds
 * @param {boolean} integer
 * @returns {string}
 */
export function stepped(text, steps, bounds, integer) {
  const lower = exact(bounds.minimum ?? bounds.exclusiveMinimum);
  const upper = exact(bounds.maximum ?? bounds.exclusiveMaximum);
  const grid = exact(bounds.multipleOf);
  const now = exact(readNumber(text));
  const step = grid && grid.digits > 0n ? grid : stepFor(now, integer, lower, upper);
  if (!now) return written(onGrid(lower ?? { digits: 0n, exponent: 0 }, step, bounds, grid !== null, 1), integer);
  let next = add(now, { digits: step.digits * BigInt(steps), exponent: step.exponent });
  if (grid) next = onGrid(next, step, {}, true, steps > 0 ? -1 : 1);
  const open = { upper: bounds.maximum === undefined, lower: bounds.minimum === undefined };
  if (upper && compare(next, upper) >= (open.upper ? 0 : 1)) {
    next = open.upper ? now : onGrid(upper, step, bounds, grid !== null, -1);
  }
  if (lower && compare(next, lower) <= (open.lower ? 0 : -1)) {
    next = open.lower ? now : onGrid(lower, step, bounds, grid !== null, 1);
  }
  return written(next, integer);
}

/**
 * The bounds in words, "" when there are none: `1 – 100`, `> 0`, `multiples of 5`.
 *
 * @param {Bounds} bounds
 * @returns {string}
 */
export function boundsText(bounds) {
  const low = numberText(bounds.minimum);
  const high = numberText(bounds.maximum);
  const above = numberText(bounds.exclusiveMinimum);
  const below = numberText(bounds.exclusiveMaximum);
  const parts = [];
  if (low && high) parts.push(`${low} – ${high}`);
  else if (low) parts.push(`≥ ${low}`);
  else if (high && !above) parts.push(`≤ ${high}`);
  if (above) parts.push(`> ${above}`);
  if (above && high) parts.push(`≤ ${high}`);
  if (below) parts.push(`< ${below}`);
  const grid = numberText(bounds.multipleOf);
  if (grid) parts.push(`multiple of ${grid}`);
  return parts.join(", ");
}

/** @typedef {{digits: bigint, exponent: number}} Exact `digits` times ten to the `exponent`. */

/**
 * @param {any} value
 * @returns {Exact | null}
 */
function exact(value) {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(numberText(value));
  if (!match) return null;
  const fraction = match[3] ?? "";
  const exponent = Number(match[4] ?? "0") - fraction.length;
  // Beyond this nobody steps, and the digits would fill the memory.
  if (Math.abs(exponent) > 400) return null;
  return { digits: BigInt(`${match[1]}${match[2]}${fraction}`), exponent };
}

/**
 * One in the last digit that is shown; a tenth of a field between 0 and 1.
 *
 * @param {Exact | null} now
 * @param {boolean} integer
 * @param {Exact | null} lower
 * @param {Exact | null} upper
 * @returns {Exact}
 */
function stepFor(now, integer, lower, upper) {
  const one = { digits: 1n, exponent: 0 };
  if (integer) return one;
  if (now && now.digits !== 0n) {
    // 2.0 is written with a point only because it is a float: its step is 1.
    const { digits, exponent } = now;
    if (exponent >= 0 || digits % 10n ** BigInt(-exponent) === 0n) {
      if (!lower || !upper || compare(upper, add(lower, { digits: 2n, exponent: 0 })) > 0) return one;
      return { digits: 1n, exponent: -1 };
    }
    return { digits: 1n, exponent: digits % 10n === 0n ? exponent + 1 : exponent };
  }
  if (lower && upper && compare(upper, add(lower, one)) <= 0) return { digits: 1n, exponent: -1 };
  return one;
}

/**
 * The nearest number at or beyond `value` in `direction` that the bounds and the grid allow.
 *
 * @param {Exact} value
 * @param {Exact} step
 * @param {Bounds} bounds
 * @param {boolean} grid
 * @param {1 | -1} direction
 * @returns {Exact}
 */
function onGrid(value, step, bounds, grid, direction) {
  let result = value;
  if (grid) {
    const exponent = Math.min(value.exponent, step.exponent);
    const digits = scaled(value, exponent);
    const size = scaled(step, exponent);
    let quotient = digits / size;
    if (direction > 0 && quotient * size < digits) quotient += 1n;
    if (direction < 0 && quotient * size > digits) quotient -= 1n;
    result = { digits: quotient * size, exponent };
  }
  const low = exact(bounds.exclusiveMinimum);
  if (low && bounds.minimum === undefined && direction > 0 && compare(result, low) <= 0) result = add(result, step);
  return result;
}

/**
 * @param {Exact} value
 * @param {number} exponent
 */
function scaled(value, exponent) {
  return value.digits * 10n ** BigInt(value.exponent - exponent);
}

/**
 * @param {Exact} left
 * @param {Exact} right
 * @returns {Exact}
 */
function add(left, right) {
  const exponent = Math.min(left.exponent, right.exponent);
  return { digits: scaled(left, exponent) + scaled(right, exponent), exponent };
}

/**
 * @param {Exact} left
 * @param {Exact} right
 */
function compare(left, right) {
  const exponent = Math.min(left.exponent, right.exponent);
  const difference = scaled(left, exponent) - scaled(right, exponent);
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}

/**
 * @param {Exact} value
 * @param {boolean} integer
 */
function written(value, integer) {
  const negative = value.digits < 0n;
  const digits = String(negative ? -value.digits : value.digits);
  let text = digits;
  if (value.exponent > 0) text = digits === "0" ? "0" : digits + "0".repeat(value.exponent);
  if (value.exponent < 0) {
    const padded = digits.padStart(1 - value.exponent, "0");
    const fraction = padded.slice(value.exponent).replace(/0+$/, "");
    const whole = padded.slice(0, value.exponent);
    text = fraction === "" ? (integer ? whole : `${whole}.0`) : `${whole}.${fraction}`;
  }
  return negative && text !== "0" ? `-${text}` : text;
}
