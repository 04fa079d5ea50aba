/** One line about any JSON value, however large: the work is bounded by the length of the line. */

import { RawNumber } from "../form/lossless-json.js";

/** Nested further than this, only the size is said. */
const DEPTH = 3;

/**
 * A preview such as `{trial: 3, score: 0.82, found: null, tokens: [1, 4, 9, … 512 items]}`.
 *
 * @param {any} value
 * @param {number} [maxChars] The longest line to give.
 * @returns {string}
 */
export function summarise(value, maxChars = 120) {
  const text = part(value, maxChars, 0);
  return text.length > maxChars ? `${text.slice(0, Math.max(0, maxChars - 1))}…` : text;
}

/**
 * @param {any} value
 * @param {number} room
 * @param {number} depth
 * @returns {string}
 */
function part(value, room, depth) {
  if (typeof value === "string") return quoted(value, room);
  if (value === undefined) return "undefined";
  if (value === null || typeof value !== "object" || value instanceof RawNumber) return String(value);
  const list = Array.isArray(value);
  if (depth >= DEPTH || room < 8) return sizeText(value);
  /** @type {string[]} */
  const parts = [];
  let used = 2;
  let whole = true;
  let count = 0;
  // for…in stops as soon as the line is full, where Object.keys would first list 100,000 keys.
  for (const key in value) {
    if (!Object.hasOwn(value, key)) continue;
    if (used > room - 4 || count >= 50) {
      whole = false;
      break;
    }
    const name = list ? "" : `${plainKey(key, room - used)}: `;
    const text = name + part(value[key], Math.max(0, room - used - name.length), depth + 1);
    parts.push(text);
    used += text.length + 2;
    count += 1;
  }
  const rest = whole ? "" : list ? `, … ${value.length.toLocaleString("en")} items` : ", …";
  return list ? `[${parts.join(", ")}${rest}]` : `{${parts.join(", ")}${rest}}`;
}

/**
 * How many things a list or an object holds, in words.
 *
 * @param {any} value
 */
export function sizeText(value) {
  if (Array.isArray(value)) return value.length === 1 ? "[1 item]" : `[${value.length.toLocaleString("en")} items]`;
  const size = Object.keys(value).length;
  return size === 1 ? "{1 key}" : `{${size.toLocaleString("en")} keys}`;
}

/**
 * A string in quotes, on one line, cut to the room there is.
 *
 * @param {string} text
 * @param {number} room
 */
export function quoted(text, room) {
  const limit = Math.max(4, room);
  const cut = text.length > limit ? text.slice(0, limit - 1) : text;
  const shown = JSON.stringify(cut);
  return cut === text ? shown : `${shown.slice(0, -1)}…"`;
}

/**
 * @param {string} key
 * @param {number} room
 */
function plainKey(key, room) {
  return /^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(key) && key.length <= room ? key : quoted(key, Math.min(room, 60));
}
