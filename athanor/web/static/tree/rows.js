/**
 * The rows of a tree that are to be seen, made by walking only what is open.
 *
 * A row is a value, or a range of the children of a large one: `[0 … 99]`. Ranges nest, so that no
 * row ever has more than 100 under it. The walk has its own stack: depth costs no call stack.
 */

import { RawNumber } from "../form/lossless-json.js";

/** The most children that are listed under one row. */
export const PAGE = 100;

/** @typedef {"object" | "array" | "string" | "number" | "boolean" | "null"} ValueType */

/**
 * @typedef {object} Row
 * @property {string} id Unique in the tree, the same from one walk to the next.
 * @property {number} depth From 0.
 * @property {string | number | null} key The key or index of the value; null for the root and for ranges.
 * @property {any} value Of a range: the list or object that it is a part of.
 * @property {ValueType} type
 * @property {{from: number, to: number} | null} range Of which children; `to` is not included.
 * @property {number} size How many children the row has, 0 for leaves.
 * @property {boolean} open
 * @property {number} parent The index of the row above in the tree, -1 for the root.
 * @property {number} position From 1, among its siblings.
 * @property {number} siblings
 */

/** @type {WeakMap<object, string[]>} */
const keyLists = new WeakMap();

/**
 * @param {any} root
 * @param {string} label
 * @param {ReadonlySet<string>} open The ids of the open rows.
 * @returns {Row[]}
 */
export function visibleRows(root, label, open) {
  /** @type {Row[]} */
  const rows = [];
  /** @type {Row[]} Rows still to be written, the next one last. */
  const stack = [makeRow("$", 0, label === "" ? null : label, root, null, -1, 1, 1, open)];
  while (stack.length > 0) {
    const row = /** @type {Row} */ (stack.pop());
    const index = rows.push(row) - 1;
    if (row.open) pushChildren(row, index, open, stack);
  }
  return rows;
}

/**
 * @param {Row} row
 * @param {number} parent
 * @param {ReadonlySet<string>} open
 * @param {Row[]} stack
 */
function pushChildren(row, parent, open, stack) {
  const from = row.range?.from ?? 0;
  const to = row.range?.to ?? childCount(row.value);
  const count = to - from;
  const depth = row.depth + 1;
  if (count > PAGE) {
    const size = rangeSize(count);
    const siblings = Math.ceil(count / size);
    for (let i = siblings - 1; i >= 0; i -= 1) {
      const start = from + i * size;
      const range = { from: start, to: Math.min(to, start + size) };
      stack.push(makeRow(`${row.id}[${start}-${range.to}]`, depth, null, row.value, range, parent, i + 1, siblings, open));
    }
    return;
  }
  const keys = Array.isArray(row.value) ? null : keysOf(row.value);
  for (let i = to - 1; i >= from; i -= 1) {
    const key = keys === null ? i : /** @type {string} */ (keys[i]);
    // JSON.stringify keeps ids apart: a key may hold any character, the separators of ids too.
    const id = `${row.id}/${typeof key === "number" ? key : JSON.stringify(key)}`;
    stack.push(makeRow(id, depth, key, row.value[key], null, parent, i - from + 1, count, open));
  }
}

/**
 * @param {string} id
 * @param {number} depth
 * @param {string | number | null} key
 * @param {any} value
 * @param {{from: number, to: number} | null} range
 * @param {number} parent
 * @param {number} position
 * @param {number} siblings
 * @param {ReadonlySet<string>} open
 * @returns {Row}
 */
function makeRow(id, depth, key, value, range, parent, position, siblings, open) {
  const size = range ? range.to - range.from : childCount(value);
  return { id, depth, key, value, type: typeOf(value), range, size, open: size > 0 && open.has(id), parent, position, siblings };
}

/**
 * The smallest 100, 10,000, 1,000,000 … that cuts `count` children into at most 100 ranges.
 *
 * @param {number} count
 */
function rangeSize(count) {
  let size = PAGE;
  while (count > size * PAGE) size *= PAGE;
  return size;
}

/**
 * The keys of an object, listed once.
 *
 * @param {object} value
 * @returns {string[]}
 */
export function keysOf(value) {
  let keys = keyLists.get(value);
  if (!keys) {
    keys = Object.keys(value);
    keyLists.set(value, keys);
  }
  return keys;
}

/** @param {any} value */
function childCount(value) {
  if (Array.isArray(value)) return value.length;
  return typeOf(value) === "object" ? keysOf(value).length : 0;
}

/**
 * @param {any} value
 * @returns {ValueType}
 */
export function typeOf(value) {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  if (value instanceof RawNumber || typeof value === "bigint") return "number";
  const type = typeof value;
  return type === "string" || type === "number" || type === "boolean" || type === "object" ? type : "null";
}

/**
 * Where a row's value is, in the way one would write it in code: `$.trials[3]["a key"]`.
 *
 * @param {readonly Row[]} rows
 * @param {number} index
 * @returns {string}
 */
export function pathText(rows, index) {
  /** @type {string[]} */
  const parts = [];
  for (let at = index; at > 0; at = /** @type {Row} */ (rows[at]).parent) {
    const { key } = /** @type {Row} */ (rows[at]);
    if (typeof key === "number") parts.push(`[${key}]`);
    else if (key !== null) parts.push(/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`);
  }
  return `$${parts.reverse().join("")}`;
}
