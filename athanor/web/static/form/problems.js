/** What is wrong with the configuration, in one place: a count that opens a list of links to the fields. */

import { html, useState } from "../lib/preact.js";
import { isObject } from "./lossless-json.js";
import { labelFromName } from "./schema.js";

/** @typedef {import("./placing.js").Placed} Placed */
/** @typedef {import("./paths.js").Path} Path */
/** @typedef {import("./schema.js").SchemaReader} SchemaReader */

/**
 * @param {{id: string, problems: Placed[], reader: SchemaReader, value: any, onGo: (path: Path) => void}} props
 */
export function ProblemCount({ id, problems, reader, value, onGo }) {
  const [open, setOpen] = useState(false);
  const placed = problems.filter((problem) => problem.exact);
  const text = placed.length === 0 ? "" : `${placed.length} ${placed.length === 1 ? "problem" : "problems"}`;
  /** @param {any} event */
  const onKeyDown = (event) => {
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    setOpen(false);
    document.getElementById(`${id}-problem-count`)?.focus();
  };
  return html`<div class="form-problems" onKeyDown=${onKeyDown}>
    <span class="form-unseen" role="status">${text}</span>
    ${text !== "" &&
    html`<button
        type="button"
        class="form-problem-count"
        id=${`${id}-problem-count`}
        aria-expanded=${open ? "true" : "false"}
        aria-controls=${open ? `${id}-problem-list` : undefined}
        onClick=${() => setOpen(!open)}
      >
        ${text}
      </button>
      ${open &&
      html`<ul class="form-problem-list" id=${`${id}-problem-list`}>
        ${placed.map((problem, i) =>
          html`<li key=${i}>
            <button type="button" class="form-problem" onClick=${() => (setOpen(false), onGo(problem.path))}>
              <span class="form-problem-place">${pathLabel(reader, value, problem.path)}</span>
              <span class="form-problem-message">${problem.message}</span>
            </button>
          </li>`
        )}
      </ul>`}`}
  </div>`;
}

/**
 * The errors that belong to no field: of the configuration as a whole, or at a place the page does not know.
 *
 * @param {{problems: Placed[], reader: SchemaReader, value: any, onGo: (path: Path) => void}} props
 */
export function Unplaced({ problems, reader, value, onGo }) {
  const unplaced = problems.filter((problem) => !problem.exact);
  return html`<div class="form-unplaced" role="alert">
    ${unplaced.map((problem, i) =>
      html`<p class="form-error" key=${i}>
        ${problem.message}
        ${problem.path.length > 0 &&
        html` <button type="button" class="form-link" onClick=${() => onGo(problem.path)}>${pathLabel(reader, value, problem.path)}</button>`}
      </p>`
    )}
  </div>`;
}

/**
 * A place in the words of the form: `Model pairs 1 › Model B`.
 *
 * @param {SchemaReader} reader
 * @param {any} value
 * @param {Path} path
 * @returns {string}
 */
export function pathLabel(reader, value, path) {
  let node = reader.node(reader.root);
  let at = value;
  /** @type {string[]} */
  const parts = [];
  for (const part of path) {
    if (node.kind === "union") {
      const variant = node.variants[reader.variantOf(node, at)];
      if (variant) node = reader.node(variant.schema);
    }
    const schema = node.schema;
    const known = typeof part === "string" ? schema.properties?.[part] : undefined;
    if (typeof part === "number") {
      const inner = schema.prefixItems?.[part] ?? schema.items;
      parts.push(`${parts.pop() ?? ""} ${part + 1}`.trim());
      node = reader.node(isObject(inner) ? inner : true);
    } else {
      const inner = known ?? schema.additionalProperties;
      node = reader.node(isObject(inner) ? inner : true);
      parts.push(known ? node.title || labelFromName(part) : part);
    }
    at = at === null || at === undefined ? undefined : at[part];
  }
  return parts.join(" › ");
}
