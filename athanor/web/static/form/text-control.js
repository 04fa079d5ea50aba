/** Fields for strings: short, long, secret, and those that hold what a text field would change. */

import { html, useLayoutEffect, useRef, useState } from "../lib/preact.js";
import { controlAttributes, hintText } from "./context.js";
import { JsonControl } from "./json-control.js";
import { pathId } from "./paths.js";
import { isTypeable } from "./typeable.js";

/** @typedef {import("./context.js").Slot} Slot */

const LONG_HINT = /multi-?line|long text|free text|paragraph|prompt|markdown|instructions/i;
const MONOSPACED = new Set(["uri", "uri-reference", "uuid", "email", "duration", "ipv4", "ipv6", "binary", "json-pointer", "regex", "path", "file-path", "directory-path"]);

/** @param {Slot} slot */
export function TextControl(slot) {
  const { node, value, update, item } = slot;
  const text = typeof value === "string" ? value : "";
  const [kind, setKind] = useState(() => textKind(node, text));
  const [refocus, setRefocus] = useState(/** @type {number | null} */ (null));
  /** @type {{current: HTMLTextAreaElement | null}} */
  const area = useRef(null);
  useLayoutEffect(() => {
    if (refocus === null || !area.current) return;
    area.current.focus();
    area.current.setSelectionRange(refocus, refocus);
    setRefocus(null);
  }, [refocus]);

  const foreign = value !== undefined && value !== null && typeof value !== "string";
  const shown = foreign || !isTypeable(text.replaceAll("\n", "")) ? "json" : kind === "short" && text.includes("\n") ? "long" : kind;
  if (shown !== kind) setKind(shown);
  if (shown === "json") return html`<${JsonControl} ...${slot} />`;

  /** @param {any} event */
  const onInput = (event) => {
    const typed = event.currentTarget.value;
    // A date or address that is emptied is left out; a text may be empty.
    update(() => (typed === "" && node.schema.format && shown !== "secret" && !item ? undefined : typed));
  };
  /** @param {any} event */
  const onPaste = (event) => {
    const pasted = event.clipboardData?.getData("text/plain") ?? "";
    if (shown !== "short" || !/[\r\n]/.test(pasted.trim())) return;
    // A text input would drop the line breaks.
    event.preventDefault();
    const { selectionStart, selectionEnd } = event.currentTarget;
    const lines = pasted.replaceAll(/\r\n?/g, "\n");
    update(() => text.slice(0, selectionStart) + lines + text.slice(selectionEnd));
    setKind("long");
    setRefocus(selectionStart + lines.length);
  };
  const hint = hintText(slot);
  const shared = {
    ...controlAttributes(slot),
    value: text,
    onInput,
    spellcheck: false,
    autocomplete: "off",
    placeholder: typeof node.default === "string" && shown !== "secret" ? node.default : undefined,
  };
  const hintElement = hint && html`<span class="form-hint" id=${`${pathId(slot.form.id, slot.path)}-hint`}>${hint}</span>`;
  if (shown === "secret") return html`<${Secret} shared=${shared} label=${slot.label} hint=${hintElement} />`;
  if (shown === "long") {
    const lines = Math.min(16, Math.max(3, text.split("\n").length + 1));
    return html`<span class="form-text">
      <textarea ...${shared} ref=${area} class="form-input form-input-long" rows=${lines}></textarea>${hintElement}
    </span>`;
  }
  const mono = MONOSPACED.has(node.schema.format) || Boolean(node.schema.pattern);
  const mode = { uri: "url", email: "email" }[String(node.schema.format)];
  return html`<span class="form-text">
    <input ...${shared} type="text" class=${`form-input ${mono ? "form-input-mono" : ""}`} inputmode=${mode} onPaste=${onPaste} />${hintElement}
  </span>`;
}

/**
 * A masked field, with a button that shows what is in it.
 *
 * @param {{shared: Record<string, any>, label: string, hint: any}} props
 */
function Secret({ shared, label, hint }) {
  const [shown, setShown] = useState(false);
  return html`<span class="form-text form-secret">
    <input ...${shared} type=${shown ? "text" : "password"} autocomplete="new-password" class="form-input form-input-mono" />
    <button type="button" class="form-button" aria-pressed=${shown} aria-label=${`Show ${label}`} onClick=${() => setShown(!shown)}>
      ${shown ? "hide" : "show"}
    </button>
    ${hint}
  </span>`;
}

/**
 * @param {import("./schema.js").Node} node
 * @param {string} text
 * @returns {"short" | "long" | "secret" | "json"}
 */
function textKind(node, text) {
  const { format, maxLength, writeOnly } = node.schema;
  if (format === "password" || writeOnly) return "secret";
  if (format === "textarea" || text.includes("\n") || text.length > 120) return "long";
  if (!format && (Number(maxLength) > 200 || LONG_HINT.test(`${node.title} ${node.description}`))) return "long";
  return "short";
}
