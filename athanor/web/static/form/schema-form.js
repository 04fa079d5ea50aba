/**
 * A form made from the JSON Schema of a configuration, and the same configuration as JSON.
 *
 * The value belongs to the page: the form shows `value` and says each change through `onChange`. What the
 * server has to say about it comes in as `errors` and is shown at the fields. Nothing that is typed is
 * lost: text that is no JSON yet stays where it is, and `onUnparsed` says how many such places there are.
 */

import { html, useCallback, useLayoutEffect, useMemo, useRef, useState } from "../lib/preact.js";
import { Editor, Field } from "./field.js";
import { isObject, JsonSyntaxError, parseJson, sameJson, stringifyJson } from "./lossless-json.js";
import { pathId, pathKey } from "./paths.js";
import { placeErrors } from "./placing.js";
import { ProblemCount, Unplaced } from "./problems.js";
import { SchemaReader } from "./schema.js";

export { defaultsFor } from "./defaults.js";

/** @typedef {import("./schema.js").Schema} Schema */
/** @typedef {import("./placing.js").ServerError} ServerError */
/** @typedef {import("./paths.js").Path} Path */

/**
 * @typedef {object} SchemaFormProps
 * @property {Schema} schema What `model_json_schema()` gives, parsed with `parseJson` where large numbers count.
 * @property {Record<string, any>} value The configuration; may hold `RawNumber`s. Send it with `stringifyJson`.
 * @property {(value: Record<string, any>) => void} onChange
 * @property {readonly ServerError[]} [errors] From the server; `loc` relative to the configuration.
 * @property {boolean} [disabled]
 * @property {(count: number) => void} [onUnparsed] How many places hold text that is not in the value: do not
 *   save while there are any.
 * @property {string} [label] What the form as a whole is called.
 */

/** @type {readonly ServerError[]} */
const NO_ERRORS = [];

let nextForm = 1;

/** @param {SchemaFormProps} props */
export function SchemaForm({ schema, value, onChange, errors = NO_ERRORS, disabled = false, onUnparsed, label = "Configuration" }) {
  const [id] = useState(() => `form-${nextForm++}`);
  const [mode, setMode] = useState(/** @type {"form" | "json"} */ ("form"));
  const [revealed, setRevealed] = useState(/** @type {Path | null} */ (null));
  const [said, setSaid] = useState("");
  /** The text of the JSON view when it does not parse, so that it outlives a look at the form. */
  const [draft, setDraft] = useState(/** @type {{text: string, error: JsonSyntaxError} | null} */ (null));
  const reader = useMemo(() => new SchemaReader(schema), [schema]);
  const placement = useMemo(() => placeErrors(errors, reader, value), [errors, reader, value]);

  // Two changes before the next drawing must both be kept, so each builds on the newest value.
  const latest = useRef(value);
  latest.current = value;
  const update = useCallback(
    (/** @type {(current: any) => any} */ change) => {
      const next = change(latest.current) ?? {};
      latest.current = next;
      onChange(next);
    },
    [onChange],
  );

  /** @type {{current: Map<string, string>}} */
  const unparsed = useRef(new Map());
  const counted = useRef(0);
  const report = useRef(onUnparsed);
  report.current = onUnparsed;
  const setUnparsed = useCallback((/** @type {string} */ key, /** @type {string | null} */ message) => {
    if (message === null) unparsed.current.delete(key);
    else unparsed.current.set(key, message);
    if (counted.current === unparsed.current.size) return;
    counted.current = unparsed.current.size;
    report.current?.(counted.current);
  }, []);

  const go = (/** @type {Path} */ path) => {
    setMode("form");
    setRevealed([...path]);
  };
  useLayoutEffect(() => {
    if (revealed === null || mode !== "form") return;
    focusPlace(id, revealed);
  }, [revealed, mode]);

  /** @type {import("./context.js").FormContext} */
  const form = {
    id,
    reader,
    placement,
    disabled,
    revealed,
    release: () => setRevealed(null),
    field: (slot) => html`<${Field} key=${pathKey(slot.path.slice(-1))} ...${slot} />`,
    editor: (slot) => html`<${Editor} ...${slot} />`,
    unparsed: setUnparsed,
    announce: setSaid,
  };

  const typeJson = (/** @type {string} */ text) => {
    try {
      const parsed = parseJson(text);
      if (!isObject(parsed)) throw new JsonSyntaxError("a configuration is an object, { … },", text, 0);
      setDraft(null);
      setUnparsed("json", null);
      latest.current = parsed;
      onChange(parsed);
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      setDraft({ text, error });
      setUnparsed("json", error.message);
    }
  };
  const discard = () => {
    setDraft(null);
    setUnparsed("json", null);
  };

  // Out of sight the form stays as it was, with all that is half typed in it, and costs nothing.
  /** @type {{current: any}} */
  const drawn = useRef(null);
  if (mode === "form" || drawn.current === null) {
    drawn.current = html`<${Editor}
      form=${form}
      node=${reader.node(schema)}
      value=${value}
      update=${update}
      path=${[]}
      label=${label}
    />`;
  }
  return html`<div class="form" role="group" aria-label=${label}>
    <div class="form-toolbar">
      <span class="form-options" role="radiogroup" aria-label="Edit as">
        ${/** @type {const} */ (["form", "json"]).map((name) =>
          html`<label class="form-option" key=${name}>
            <input type="radio" name=${`${id}-mode`} checked=${mode === name} onChange=${() => setMode(name)} />
            <span>${name === "form" ? "Form" : "JSON"}</span>
          </label>`
        )}
      </span>
      <${ProblemCount} id=${id} problems=${placement.all} reader=${reader} value=${value} onGo=${go} />
    </div>
    <span class="form-unseen" role="status">${said}</span>
    <${Unplaced} problems=${placement.all} reader=${reader} value=${value} onGo=${go} />
    ${draft !== null &&
    mode === "form" &&
    html`<p class="form-error form-draft">
      The JSON text has an error (${draft.error.message}) and is not in the form.
      <button type="button" class="form-link" onClick=${() => setMode("json")}>Back to it</button>
      <button type="button" class="form-link" onClick=${discard}>Discard it</button>
    </p>`}
    <div class="form-fields" hidden=${mode !== "form"}>${drawn.current}</div>
    ${mode === "json" && html`<${JsonView} id=${id} label=${label} value=${value} draft=${draft} disabled=${disabled} onType=${typeJson} />`}
  </div>`;
}

/**
 * @param {{id: string, label: string, value: any, draft: {text: string, error: JsonSyntaxError} | null,
 *   disabled: boolean, onType: (text: string) => void}} props
 */
function JsonView({ id, label, value, draft, disabled, onType }) {
  const [typed, setTyped] = useState(/** @type {string | null} */ (null));
  /** @type {{current: HTMLTextAreaElement | null}} */
  const area = useRef(null);
  // The text keeps its spelling as long as it says what the value is.
  const text = draft !== null ? draft.text : typed !== null && says(typed, value) ? typed : stringifyJson(value, 2);
  const error = draft?.error;
  return html`<div class="form-json-view">
    <textarea
      class="form-input form-input-mono form-json-text"
      ref=${area}
      aria-label=${`${label} as JSON`}
      aria-invalid=${error ? "true" : undefined}
      aria-describedby=${error ? `${id}-json-error` : undefined}
      rows=${Math.min(40, Math.max(12, text.split("\n").length + 1))}
      spellcheck="false"
      autocomplete="off"
      disabled=${disabled}
      value=${text}
      onInput=${(/** @type {any} */ event) => {
        setTyped(event.currentTarget.value);
        onType(event.currentTarget.value);
      }}
    ></textarea>
    <p class="form-json-state" role="status" id=${`${id}-json-error`} data-invalid=${error ? "true" : undefined}>
      ${error
        ? html`Line ${error.line}, column ${error.column}: ${error.reason}
            <button
              type="button"
              class="form-link"
              onClick=${() => {
                area.current?.focus();
                area.current?.setSelectionRange(error.offset, error.offset + 1);
              }}
            >
              go there
            </button>`
        : "Valid JSON"}
    </p>
  </div>`;
}

/**
 * @param {string} text
 * @param {any} value
 */
function says(text, value) {
  try {
    return sameJson(parseJson(text), value);
  } catch {
    return false;
  }
}

/**
 * Put the focus on the control of a place, or of the nearest place around it.
 *
 * @param {string} id
 * @param {Path} path
 */
function focusPlace(id, path) {
  for (let length = path.length; length >= 0; length -= 1) {
    const element = document.getElementById(pathId(id, path.slice(0, length)));
    if (!element) continue;
    element.focus();
    element.scrollIntoView({ block: "center" });
    return;
  }
}
