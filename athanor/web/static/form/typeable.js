/** Text that a browser's one-line field would not give back as it was: it drops line breaks, and hides what has no shape. */

const UNTYPEABLE = /[\u0000-\u0008\u000a-\u001f\u007f\u0085\u2028\u2029]|\p{Surrogate}/u;

/** @param {string} text */
export function isTypeable(text) {
  return !UNTYPEABLE.test(text);
}

/**
 * The text with such characters as JSON writes them, `a\\r`; backslashes and quotes are escaped too.
 *
 * @param {string} text
 */
export function escaped(text) {
  return JSON.stringify(text).slice(1, -1).replaceAll(/[\u007f\u0085\u2028\u2029]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * @param {string} text
 * @returns {string | null} null when an escape is not one.
 */
export function unescaped(text) {
  try {
    return JSON.parse(`"${text}"`);
  } catch {
    return null;
  }
}
