/** Where a value is in the configuration, as text: keys of maps, ids of elements, names for people. */

/** @typedef {readonly (string | number)[]} Path */

/**
 * One text for a path, for use as a key.
 *
 * @param {Path} path
 */
export function pathKey(path) {
  return JSON.stringify(path);
}

/**
 * The id of the element that holds the control of a path.
 *
 * @param {string} form The form's own id.
 * @param {Path} path
 */
export function pathId(form, path) {
  return [form, ...path.map((part) => encodeURIComponent(wellFormed(String(part))))].join(".");
}

/**
 * @param {Path} path
 * @param {Path} inner
 */
export function isWithin(path, inner) {
  return path.length <= inner.length && path.every((part, i) => part === inner[i]);
}

/**
 * A copy of an object with one member set, or left out when the value is undefined; order is kept.
 *
 * @param {Record<string, any> | undefined} object
 * @param {string} key
 * @param {any} value
 * @returns {Record<string, any>}
 */
export function withMember(object, key, value) {
  const entries = Object.entries(object ?? {});
  if (value === undefined) return Object.fromEntries(entries.filter(([name]) => name !== key));
  if (object && Object.hasOwn(object, key)) {
    return Object.fromEntries(entries.map(([name, item]) => [name, name === key ? value : item]));
  }
  return Object.fromEntries([...entries, [key, value]]);
}

/**
 * `encodeURIComponent` throws on half of a surrogate pair.
 *
 * @param {string} text
 */
function wellFormed(text) {
  return text.replaceAll(/[\uD800-\uDFFF]/gu, "\uFFFD");
}
