/**
 * JSON that keeps every digit: integers beyond 2^53, `1.0` that must stay a float, `1e400`.
 *
 * `JSON.parse` rounds what a double cannot hold and forgets that `1.0` was written as a float.
 * Here a number whose JavaScript text would mean something else to the server stays a
 * `RawNumber`, its very characters. All other values are plain JavaScript values. `stringifyJson`
 * writes both back. Parsing says line and column of the first error.
 */

/** How deep arrays and objects may nest; the service cuts at 500. */
const MAXIMUM_DEPTH = 2000;

/** A number kept as the characters it was written with. */
export class RawNumber {
  /** @param {string} text A JSON number, for example `12345678901234567890`. */
  constructor(text) {
    /** @readonly */
    this.text = text;
    Object.freeze(this);
  }

  toString() {
    return this.text;
  }

  /** @returns {number} The nearest double. */
  valueOf() {
    return Number(this.text);
  }

  /** @returns {number} For `JSON.stringify`, which cannot do better; `stringifyJson` can. */
  toJSON() {
    return Number(this.text);
  }
}

/** What is wrong with a JSON text, and where; `line` and `column` count from 1. */
export class JsonSyntaxError extends Error {
  /**
   * @param {string} message
   * @param {string} text
   * @param {number} offset
   */
  constructor(message, text, offset) {
    const before = text.slice(0, offset);
    const line = before.split("\n").length;
    const column = offset - (before.lastIndexOf("\n") + 1) + 1;
    super(`${message} at line ${line}, column ${column}`);
    this.name = "JsonSyntaxError";
    this.reason = message;
    this.offset = offset;
    this.line = line;
    this.column = column;
  }
}

/**
 * Parse a JSON text without losing a digit.
 *
 * @param {string} text
 * @returns {any} Plain values, with `RawNumber` where a double would change the number.
 * @throws {JsonSyntaxError}
 */
export function parseJson(text) {
  const reader = new Reader(text);
  reader.space();
  const value = reader.value(0);
  reader.space();
  if (reader.at < text.length) reader.fail("nothing may follow the value");
  return value;
}

/**
 * Write a value as JSON, `RawNumber`s and bigints with all their digits.
 *
 * As `JSON.stringify` does, members that are undefined are left out, and NaN and infinities are null.
 *
 * @param {any} value
 * @param {number} [indent] Spaces a level; without it everything is on one line.
 * @returns {string}
 */
export function stringifyJson(value, indent = 0) {
  /** @type {string[]} */
  const parts = [];
  write(value, parts, indent > 0 ? "\n" : "", " ".repeat(indent), indent > 0 ? ": " : ":");
  return parts.join("");
}

/**
 * The value a number text stands for: a JavaScript number where nothing is lost, else a `RawNumber`.
 *
 * @param {string} text A valid JSON number.
 * @returns {number | RawNumber}
 */
export function numberFromText(text) {
  const number = Number(text);
  const written = String(number);
  if (written === text) return number;
  if (!Number.isFinite(number) || Object.is(number, -0)) return new RawNumber(text);
  const same = canonicalNumber(written) === canonicalNumber(text);
  return same && isFloatText(written) === isFloatText(text) ? number : new RawNumber(text);
}

/**
 * @param {unknown} value
 * @returns {value is number | RawNumber | bigint}
 */
export function isNumber(value) {
  return typeof value === "number" || typeof value === "bigint" || value instanceof RawNumber;
}

/**
 * Whether a value is a JSON object (and not an array, null or a kept number).
 *
 * @param {unknown} value
 * @returns {value is Record<string, any>}
 */
export function isObject(value) {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof RawNumber)
  );
}

/**
 * Whether two values are the same JSON; numbers by what they amount to (1 is 1.0), keys in any order.
 *
 * @param {any} left
 * @param {any} right
 * @returns {boolean}
 */
export function sameJson(left, right) {
  if (left === right) return true;
  if (isNumber(left) && isNumber(right)) {
    return canonicalNumber(String(left)) === canonicalNumber(String(right));
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, i) => sameJson(item, right[i]));
  }
  if (!isObject(left) || !isObject(right)) return false;
  const keys = Object.keys(left).filter((key) => left[key] !== undefined);
  const others = Object.keys(right).filter((key) => right[key] !== undefined);
  return (
    keys.length === others.length &&
    keys.every((key) => Object.hasOwn(right, key) && sameJson(left[key], right[key]))
  );
}

/**
 * One spelling for each number: sign, digits without zeros around them, power of ten.
 *
 * @param {string} text
 */
function canonicalNumber(text) {
  const match = /^(-?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (!match) return text;
  const fraction = match[3] ?? "";
  const digits = (match[2] + fraction).replace(/^0+/, "");
  const trimmed = digits.replace(/0+$/, "");
  if (trimmed === "") return "0";
  const exponent = Number(match[4] ?? "0") - fraction.length + (digits.length - trimmed.length);
  return `${match[1]}${trimmed}e${exponent}`;
}

/**
 * Whether other languages read this number text as a float.
 *
 * @param {string} text
 */
export function isFloatText(text) {
  return /[.eE]/.test(text);
}

/**
 * @param {any} value
 * @param {string[]} parts
 * @param {string} newline The line break with the present indentation, or "".
 * @param {string} indent
 * @param {string} colon
 */
function write(value, parts, newline, indent, colon) {
  if (typeof value === "string") {
    parts.push(JSON.stringify(value));
  } else if (typeof value === "number") {
    parts.push(Number.isFinite(value) ? (Object.is(value, -0) ? "-0.0" : String(value)) : "null");
  } else if (typeof value === "boolean" || typeof value === "bigint" || value instanceof RawNumber) {
    parts.push(String(value));
  } else if (Array.isArray(value)) {
    if (value.length === 0) {
      parts.push("[]");
      return;
    }
    const inner = newline && newline + indent;
    value.forEach((item, i) => {
      parts.push(i === 0 ? "[" : ",", inner);
      write(item, parts, inner, indent, colon);
    });
    parts.push(newline, "]");
  } else if (typeof value === "object" && value !== null) {
    const keys = Object.keys(value).filter((key) => value[key] !== undefined);
    if (keys.length === 0) {
      parts.push("{}");
      return;
    }
    const inner = newline && newline + indent;
    keys.forEach((key, i) => {
      parts.push(i === 0 ? "{" : ",", inner, JSON.stringify(key), colon);
      write(value[key], parts, inner, indent, colon);
    });
    parts.push(newline, "}");
  } else {
    parts.push("null");
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const PLAIN_STRING = /"[^"\\\u0000-\u001f]*"/y;
const LITERALS = /** @type {const} */ ([["true", true], ["false", false], ["null", null]]);

class Reader {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  /**
   * @param {string} message
   * @param {number} [offset]
   * @returns {never}
   */
  fail(message, offset = this.at) {
    throw new JsonSyntaxError(message, this.text, offset);
  }

  space() {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return;
      this.at += 1;
    }
  }

  /**
   * @param {number} depth
   * @returns {any}
   */
  value(depth) {
    if (depth > MAXIMUM_DEPTH) this.fail(`more than ${MAXIMUM_DEPTH} levels`);
    const character = this.text[this.at];
    if (character === "{") return this.object(depth);
    if (character === "[") return this.array(depth);
    if (character === '"') return this.string();
    if (character === undefined) this.fail(this.text.trim() === "" ? "a value is missing" : "the text ends too early");
    NUMBER.lastIndex = this.at;
    const number = NUMBER.exec(this.text);
    if (number) {
      this.at += number[0].length;
      if (/[\w.+-]/.test(this.text[this.at] ?? "")) this.fail("not a JSON number", this.at - number[0].length);
      return numberFromText(number[0]);
    }
    for (const [word, value] of LITERALS) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    return this.fail("a value was expected here");
  }

  /** @returns {string} */
  string() {
    const start = this.at;
    PLAIN_STRING.lastIndex = start;
    const plain = PLAIN_STRING.exec(this.text);
    if (plain) {
      this.at += plain[0].length;
      return plain[0].slice(1, -1);
    }
    for (let i = start + 1; i < this.text.length; i += 1) {
      const character = this.text[i];
      if (character === "\\") {
        i += 1;
      } else if (character === '"') {
        this.at = i + 1;
        try {
          return JSON.parse(this.text.slice(start, i + 1));
        } catch {
          return this.fail("an escape in this string is not valid", start);
        }
      } else if (/** @type {string} */ (character) < " ") {
        this.fail("a string may not hold a line break or control character; write \\n", i);
      }
    }
    return this.fail("this string never ends", start);
  }

  /**
   * @param {number} depth
   * @returns {any[]}
   */
  array(depth) {
    const start = this.at;
    /** @type {any[]} */
    const items = [];
    this.at += 1;
    this.space();
    if (this.text[this.at] === "]") {
      this.at += 1;
      return items;
    }
    for (;;) {
      this.space();
      items.push(this.value(depth + 1));
      this.space();
      const next = this.text[this.at];
      this.at += 1;
      if (next === "]") return items;
      if (next !== ",") this.failAfterItem("]", start);
    }
  }

  /**
   * @param {number} depth
   * @returns {Record<string, any>}
   */
  object(depth) {
    const start = this.at;
    /** @type {Record<string, any>} */
    const members = {};
    this.at += 1;
    this.space();
    if (this.text[this.at] === "}") {
      this.at += 1;
      return members;
    }
    for (;;) {
      this.space();
      if (this.text[this.at] !== '"') this.fail("a key in double quotes was expected here");
      const key = this.string();
      this.space();
      if (this.text[this.at] !== ":") this.fail("a colon was expected after the key");
      this.at += 1;
      this.space();
      const value = this.value(depth + 1);
      // A member of this name must be a member, not the object's prototype.
      if (key === "__proto__") Object.defineProperty(members, key, { value, enumerable: true, configurable: true, writable: true });
      else members[key] = value;
      this.space();
      const next = this.text[this.at];
      this.at += 1;
      if (next === "}") return members;
      if (next !== ",") this.failAfterItem("}", start);
    }
  }

  /**
   * @param {string} close
   * @param {number} start
   */
  failAfterItem(close, start) {
    this.at -= 1;
    if (this.at >= this.text.length) this.fail(`this ${close === "]" ? "list" : "object"} is never closed`, start);
    this.fail(`"," or "${close}" was expected here`);
  }
}
