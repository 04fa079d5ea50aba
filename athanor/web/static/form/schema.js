/**
 * What a JSON Schema, as pydantic writes it, asks a form to show: a tree of `Node`s.
 *
 * A node is made when it is first asked for, so a model that holds itself is no endless loop. What
 * is beyond this reading becomes a node of kind `json`: a text field for that part.
 */

import { isFloatText, isNumber, isObject, sameJson } from "./lossless-json.js";

/** @typedef {Record<string, any>} Schema */

/**
 * @typedef {"number" | "integer" | "decimal" | "boolean" | "string" | "choice" | "constant" | "group" |
 *   "map" | "list" | "tuple" | "union" | "json"} Kind
 */

/**
 * @typedef {object} Variant One arm of a union.
 * @property {string} label
 * @property {Schema} schema
 * @property {any} tag The value of the discriminator, if the union has one.
 */

/**
 * @typedef {object} Node
 * @property {Kind} kind
 * @property {Schema} schema The schema with references resolved.
 * @property {string} title "" when the schema has none.
 * @property {string} description
 * @property {boolean} nullable Whether null is a value besides those of `kind`.
 * @property {boolean} hasDefault
 * @property {any} default
 * @property {Variant[]} variants Of a union.
 * @property {string | null} discriminator The member that tells the variants apart.
 * @property {any[]} options Of a choice.
 */

const ANNOTATIONS = new Set([
  "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment", "$defs",
]);

/** Reads one schema document. */
export class SchemaReader {
  /** @param {Schema} root */
  constructor(root) {
    this.root = root;
    /** @type {WeakMap<object, Node>} */
    this.nodes = new WeakMap();
    /** @type {Schema} Stands for `true`, the schema of anything. */
    this.anything = Object.freeze({});
  }

  /**
   * @param {Schema | true} schema
   * @returns {Node}
   */
  node(schema) {
    const key = isObject(schema) ? schema : this.anything;
    let node = this.nodes.get(key);
    if (!node) {
      node = this.read(key);
      this.nodes.set(key, node);
    }
    return node;
  }

  /**
   * The schema with `$ref` and single `allOf` followed; what stands beside a reference wins.
   *
   * @param {Schema} schema
   * @returns {Schema}
   */
  resolve(schema) {
    let current = schema;
    for (let hops = 0; hops < 50; hops += 1) {
      if (typeof current.$ref === "string") {
        const { $ref, ...beside } = current;
        const target = this.target($ref);
        if (!target) return { ...beside, "x-unreadable": true };
        current = { ...target, ...beside };
      } else if (Array.isArray(current.allOf) && current.allOf.length === 1 && isObject(current.allOf[0])) {
        const { allOf, ...beside } = current;
        current = { ...allOf[0], ...beside };
      } else {
        return current;
      }
    }
    return { "x-unreadable": true };
  }

  /**
   * @param {string} reference For example `#/$defs/Model`.
   * @returns {Schema | null}
   */
  target(reference) {
    if (!reference.startsWith("#")) return null;
    /** @type {any} */
    let found = this.root;
    for (const part of reference.slice(1).split("/").slice(1)) {
      const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
      found = isObject(found) && Object.hasOwn(found, key) ? found[key] : undefined;
    }
    return isObject(found) ? found : null;
  }

  /**
   * @param {Schema} raw
   * @returns {Node}
   */
  read(raw) {
    const schema = this.resolve(raw);
    /** @type {Node} */
    const node = {
      kind: "json",
      schema,
      title: typeof schema.title === "string" ? schema.title : "",
      description: typeof schema.description === "string" ? schema.description : "",
      nullable: false,
      hasDefault: schema.default !== undefined,
      default: schema.default,
      variants: [],
      discriminator: null,
      options: [],
    };
    this.classify(node, schema);
    return node;
  }

  /**
   * @param {Node} node
   * @param {Schema} schema
   */
  classify(node, schema) {
    if (schema["x-unreadable"] || schema.not || schema.if || schema.patternProperties || schema.allOf) return;
    if (schema.const !== undefined) {
      node.kind = "constant";
      return;
    }
    if (Array.isArray(schema.enum) && schema.enum.length > 0) {
      node.kind = "choice";
      node.options = schema.enum;
      return;
    }
    const arms = schema.oneOf ?? schema.anyOf ?? typeArms(schema);
    if (Array.isArray(arms)) {
      this.classifyUnion(node, schema, arms.filter(isObject));
      return;
    }
    switch (schema.type) {
      case "integer":
      case "number":
      case "boolean":
      case "string":
        node.kind = schema.type;
        return;
      case "null":
        node.kind = "constant";
        node.schema = { ...schema, const: null };
        return;
      case "array":
        if (Array.isArray(schema.prefixItems)) {
          if (schema.items === undefined || schema.items === false) node.kind = "tuple";
        } else {
          node.kind = "list";
        }
        return;
      case "object":
        if (isObject(schema.properties) && Object.keys(schema.properties).length > 0) node.kind = "group";
        else if (schema.additionalProperties !== false) node.kind = "map";
        else node.kind = "group";
        return;
      default:
        if (isObject(schema.properties)) node.kind = "group";
    }
  }

  /**
   * @param {Node} node
   * @param {Schema} schema
   * @param {Schema[]} arms
   */
  classifyUnion(node, schema, arms) {
    const some = arms.filter((arm) => this.resolve(arm).type !== "null");
    node.nullable = some.length < arms.length;
    const [only] = some;
    if (only === undefined) {
      node.kind = "constant";
      node.schema = { ...schema, const: null };
      return;
    }
    if (some.length === 1) {
      const inner = this.node(only);
      node.kind = inner.kind;
      node.schema = { ...inner.schema, ...annotations(schema) };
      node.title ||= inner.title;
      node.description ||= inner.description;
      node.nullable ||= inner.nullable;
      node.variants = inner.variants;
      node.discriminator = inner.discriminator;
      node.options = inner.options;
      return;
    }
    if (isDecimal(some.map((arm) => this.resolve(arm)))) {
      node.kind = "decimal";
      return;
    }
    node.kind = "union";
    node.discriminator = schema.discriminator?.propertyName ?? null;
    node.variants = this.variants(some, schema.discriminator);
  }

  /**
   * @param {Schema[]} arms
   * @param {{propertyName?: string, mapping?: Record<string, string>} | undefined} discriminator
   * @returns {Variant[]}
   */
  variants(arms, discriminator) {
    if (discriminator?.propertyName && isObject(discriminator.mapping)) {
      const name = discriminator.propertyName;
      return Object.entries(discriminator.mapping).map(([text, reference]) => {
        const schema = arms.find((arm) => arm.$ref === reference) ?? { $ref: reference };
        const member = this.resolve(this.resolve(schema).properties?.[name] ?? {});
        const known = member.const !== undefined ? [member.const] : (member.enum ?? []);
        const tag = known.find((/** @type {any} */ value) => String(value) === text) ?? text;
        return { label: text, schema, tag };
      });
    }
    const labels = arms.map((arm) => this.label(arm));
    return arms.map((schema, i) => {
      const label = labels[i] ?? "";
      const twice = labels.indexOf(label) !== labels.lastIndexOf(label);
      return { label: twice ? `${label} (${i + 1})` : label, schema, tag: undefined };
    });
  }

  /**
   * What to call a schema that has no name of its own.
   *
   * @param {Schema} schema
   * @returns {string}
   */
  label(schema) {
    const node = this.node(schema);
    if (node.title) return node.title;
    switch (node.kind) {
      case "list":
        return node.schema.items ? `list of ${this.label(node.schema.items)}` : "list";
      case "string":
        return { "date-time": "date and time", password: "secret", uri: "address" }[String(node.schema.format)] ??
          node.schema.format ?? "text";
      case "constant":
        return JSON.stringify(node.schema.const);
      case "choice":
        return node.options.map(optionText).join(" | ");
      case "boolean":
        return "yes or no";
      case "group":
        return "group";
      case "json":
        return "anything";
      default:
        return node.kind;
    }
  }

  /**
   * The variant that a value belongs to.
   *
   * @param {Node} node A union.
   * @param {any} value
   * @returns {number} Its place in `node.variants`, or -1.
   */
  variantOf(node, value) {
    if (value === undefined) return -1;
    if (node.discriminator !== null) {
      const tag = isObject(value) ? value[node.discriminator] : undefined;
      return tag === undefined ? -1 : node.variants.findIndex((variant) => sameJson(variant.tag, tag));
    }
    let best = -1;
    let bestScore = 0;
    node.variants.forEach((variant, i) => {
      const score = this.fit(this.node(variant.schema), value, 0);
      if (score > bestScore) {
        best = i;
        bestScore = score;
      }
    });
    return best;
  }

  /**
   * How well a value fits a node: 0 not at all, 1 exactly, between the two in part.
   *
   * @param {Node} node
   * @param {any} value
   * @param {number} depth
   * @returns {number}
   */
  fit(node, value, depth) {
    if (value === null) return node.nullable || (node.kind === "constant" && node.schema.const === null) ? 1 : node.kind === "json" ? 0.1 : 0;
    switch (node.kind) {
      case "constant":
        return sameJson(node.schema.const, value) ? 1 : 0;
      case "choice":
        return node.options.some((option) => sameJson(option, value)) ? 1 : 0;
      case "boolean":
        return typeof value === "boolean" ? 1 : 0;
      case "integer":
        return isNumber(value) && !isFloatText(String(value)) ? 1 : 0;
      case "number":
        return isNumber(value) ? (isFloatText(String(value)) ? 1 : 0.9) : 0;
      case "decimal":
        return isNumber(value) || (typeof value === "string" && /^[-+\d.eE]+$/.test(value)) ? 0.9 : 0;
      case "string":
        return typeof value === "string" ? fitString(node.schema, value) : 0;
      case "list":
        if (!Array.isArray(value)) return 0;
        return value.length === 0 || !isObject(node.schema.items) || depth > 6
          ? 0.8
          : 0.2 + 0.8 * average(value.slice(0, 20).map((item) => this.fit(this.node(node.schema.items), item, depth + 1)));
      case "tuple": {
        const parts = node.schema.prefixItems;
        if (!Array.isArray(value) || depth > 6) return 0;
        const fits = value.map((item, i) => (parts[i] ? this.fit(this.node(parts[i]), item, depth + 1) : 0));
        return (value.length === parts.length ? 0.3 : 0.1) + 0.7 * average(fits);
      }
      case "map": {
        if (!isObject(value)) return 0;
        const inner = node.schema.additionalProperties;
        const items = Object.values(value).slice(0, 20);
        if (!isObject(inner) || items.length === 0 || depth > 6) return 0.3;
        return 0.1 + 0.6 * average(items.map((item) => this.fit(this.node(inner), item, depth + 1)));
      }
      case "group":
        return isObject(value) && depth <= 6 ? this.fitGroup(node, value, depth) : 0;
      case "union":
        return depth > 6 ? 0.1 : Math.max(0, ...node.variants.map((arm) => this.fit(this.node(arm.schema), value, depth + 1)));
      default:
        return 0.1;
    }
  }

  /**
   * @param {Node} node
   * @param {Record<string, any>} value
   * @param {number} depth
   */
  fitGroup(node, value, depth) {
    const members = node.schema.properties ?? {};
    const required = node.schema.required ?? [];
    let score = 0;
    let count = 0;
    for (const [name, schema] of Object.entries(members)) {
      if (value[name] !== undefined) {
        const member = this.node(schema);
        const fit = this.fit(member, value[name], depth + 1);
        if (fit === 0 && member.kind === "constant") return 0.01;
        score += fit;
        count += 1;
      } else if (required.includes(name)) {
        count += 1;
      }
    }
    for (const name of Object.keys(value)) if (!Object.hasOwn(members, name)) count += 1;
    return 0.2 + 0.8 * (count === 0 ? 0.5 : score / count);
  }
}

/**
 * What an option of a choice is called.
 *
 * @param {any} value
 */
export function optionText(value) {
  return value === null ? "none" : String(value);
}

/**
 * The label of a member without a title: `model_pairs` is "Model pairs".
 *
 * @param {string} name
 */
export function labelFromName(name) {
  const words = name.replaceAll(/[_-]+/g, " ").trim();
  return words === "" ? '""' : words.charAt(0).toUpperCase() + words.slice(1);
}

/** @param {Schema} schema */
function typeArms(schema) {
  return Array.isArray(schema.type) ? schema.type.map((type) => ({ ...withoutAnnotations(schema), type })) : undefined;
}

/** @param {Schema} schema */
function annotations(schema) {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => ANNOTATIONS.has(key)));
}

/** @param {Schema} schema */
function withoutAnnotations(schema) {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => !ANNOTATIONS.has(key)));
}

/**
 * Pydantic's `Decimal`: a number, or a string with a pattern for numbers.
 *
 * @param {Schema[]} arms
 */
function isDecimal(arms) {
  const text = arms.find((arm) => arm.type === "string");
  return arms.length === 2 && arms.some((arm) => arm.type === "number") && /\\d/.test(text?.pattern ?? "");
}

const FORMATS = /** @type {Record<string, RegExp>} */ ({
  "date-time": /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/,
  date: /^\d{4}-\d\d-\d\d$/,
  time: /^\d\d:\d\d(:\d\d)?/,
  duration: /^-?P[\dT]/,
  uuid: /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i,
  uri: /^[a-z][a-z\d+.-]*:/i,
  email: /^[^@\s]+@[^@\s]+$/,
});

/**
 * @param {Schema} schema
 * @param {string} value
 */
function fitString(schema, value) {
  const format = FORMATS[String(schema.format)];
  if (format) return format.test(value) ? 1 : 0.05;
  return 0.9;
}

/** @param {number[]} numbers */
function average(numbers) {
  return numbers.length === 0 ? 0 : numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
