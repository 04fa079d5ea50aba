/** Maps: rows of a key and its value. A key that is not usable yet stays in its row and out of the value. */

import { html, useEffect, useLayoutEffect, useRef, useState } from "../lib/preact.js";
import { controlAttributes, hintText } from "./context.js";
import { startingItem } from "./defaults.js";
import { ItemShell } from "./item.js";
import { isObject } from "./lossless-json.js";
import { pathId, pathKey, withMember } from "./paths.js";
import { escaped, isTypeable, unescaped } from "./typeable.js";

/** @typedef {import("./context.js").Slot} Slot */

/**
 * @typedef {object} Row
 * @property {number} id
 * @property {string | null} key The key it has in the value; null while it has none.
 * @property {string} text What stands in the key's field.
 * @property {boolean} escapes Whether it is written with escapes, for a key that cannot be typed otherwise.
 * @property {any} pending The value of a row without a key.
 */

const PAGE = 100;

let nextId = 1;

/** @param {Slot} slot */
export function MapControl(slot) {
  const { form, node, update, path, label } = slot;
  const effective = slot.value === undefined && node.hasDefault ? node.default : slot.value;
  const value = isObject(effective) ? effective : {};
  const additional = node.schema.additionalProperties;
  const inner = form.reader.node(isObject(additional) ? additional : true);
  const [rows, setRows] = useState(/** @type {Row[]} */ ([]));
  const [page, setPage] = useState(PAGE);
  const [fresh, setFresh] = useState(-1);
  const present = inStep(rows, value);
  const focusRow = useRef(-1);
  /** @type {{current: HTMLElement | null}} */
  const element = useRef(null);
  useLayoutEffect(() => {
    if (focusRow.current < 0) return;
    const field = element.current?.querySelector(`[data-row="${focusRow.current}"]`);
    focusRow.current = -1;
    /** @type {HTMLElement | null | undefined} */ (field)?.focus();
  });

  /** @param {(value: Record<string, any>) => Record<string, any>} change */
  const updateMap = (change) =>
    update((current) => {
      const whole = current === undefined && node.hasDefault ? node.default : current;
      return change(isObject(whole) ? whole : {});
    });
  const add = () => {
    const row = { id: nextId++, key: null, text: "", escapes: false, pending: startingItem(form.reader, inner) };
    focusRow.current = row.id;
    setFresh(row.id);
    setPage(Math.max(page, present.length + 1));
    setRows([...present, row]);
  };
  /**
   * @param {Row} row
   * @param {string} text
   */
  const rename = (row, text) => {
    const wanted = row.escapes ? unescaped(text) : text;
    const free = wanted !== null && wanted !== "" && !Object.hasOwn(value, wanted);
    const key = free ? wanted : row.key;
    setRows(present.map((other) => (other.id === row.id ? { ...row, text, key } : other)));
    if (!free) return;
    updateMap((map) =>
      row.key === null
        ? withMember(map, wanted, row.pending ?? null)
        : Object.fromEntries(Object.entries(map).map(([name, item]) => [name === row.key ? wanted : name, item]))
    );
  };
  /** @param {Row} row */
  const remove = (row) => {
    setRows(present.filter((other) => other.id !== row.id));
    if (row.key !== null) updateMap((map) => withMember(map, /** @type {string} */ (row.key), undefined));
    form.announce(`${label}: entry ${row.text} removed`);
    /** @type {HTMLElement | null | undefined} */ (element.current?.querySelector(":scope > .form-list-end > [data-act=add]"))?.focus();
  };
  /**
   * @param {Row} row
   * @param {(current: any) => any} change
   */
  const updateRow = (row, change) => {
    if (row.key === null) {
      setRows((/** @type {Row[]} */ old) => inStep(old, value).map((other) => (other.id === row.id ? { ...other, pending: change(other.pending) } : other)));
      return;
    }
    const key = row.key;
    updateMap((map) => withMember(map, key, change(map[key]) ?? null));
  };

  const { id, "aria-describedby": describedBy } = controlAttributes(slot);
  return html`<div class="form-list form-map" ref=${element} role="group" aria-label=${label} aria-describedby=${describedBy}>
    ${present.slice(0, page).map((row) => {
      const name = row.key ?? row.text;
      return html`<${ItemShell}
        key=${row.id}
        slot=${{
          form,
          node: inner,
          value: row.key === null ? row.pending : value[row.key],
          update: (/** @type {(current: any) => any} */ change) => updateRow(row, change),
          path: row.key === null ? [...path, `new row ${row.id}`] : [...path, row.key],
          label: name === "" ? `${label}: new entry` : `${label} ${name}`,
          item: true,
        }}
        fresh=${row.id === fresh}
        name=${html`<${KeyField} slot=${slot} row=${row} value=${value} onRename=${(/** @type {string} */ text) => rename(row, text)} />`}
        onRemove=${() => remove(row)}
      />`;
    })}
    <div class="form-list-end">
      <button type="button" class="form-button" id=${id} data-act="add" disabled=${form.disabled} onClick=${add}>
        + Add<span class="form-unseen"> to ${label}</span>
      </button>
      ${page < present.length &&
      html`<button type="button" class="form-button" onClick=${() => setPage(page + PAGE)}>
        Show ${Math.min(PAGE, present.length - page)} more of ${present.length}
      </button>`}
      ${hintText(slot) && html`<span class="form-hint" id=${`${id}-hint`}>${hintText(slot)}</span>`}
    </div>
  </div>`;
}

/** @param {{slot: Slot, row: Row, value: Record<string, any>, onRename: (text: string) => void}} props */
function KeyField({ slot, row, value, onRename }) {
  const { form, path, label } = slot;
  const wanted = row.escapes ? unescaped(row.text) : row.text;
  const problem = keyProblem(row, wanted, value);
  const mark = pathKey([...path, `key ${row.id}`]);
  useEffect(() => {
    form.unparsed(mark, problem);
    return () => form.unparsed(mark, null);
  }, [mark, problem]);
  const id = `${pathId(form.id, path)}-key-${row.id}`;
  return html`<span class="form-key-field">
    <input
      type="text"
      class="form-input form-input-mono form-input-key"
      data-row=${row.id}
      aria-label=${`${label}: key`}
      aria-invalid=${problem ? "true" : undefined}
      aria-describedby=${problem ? `${id}-problem` : undefined}
      placeholder="key"
      autocomplete="off"
      spellcheck="false"
      disabled=${form.disabled}
      value=${row.text}
      onInput=${(/** @type {any} */ event) => onRename(event.currentTarget.value)}
    />
    ${problem && html`<span class=${row.text === "" ? "form-hint" : "form-error"} id=${`${id}-problem`}>${problem}</span>`}
    ${row.escapes && html`<span class="form-hint">written with escapes</span>`}
  </span>`;
}

/**
 * Why the key of a row cannot be what stands in its field.
 *
 * @param {Row} row
 * @param {string | null} wanted
 * @param {Record<string, any>} value
 * @returns {string | null}
 */
function keyProblem(row, wanted, value) {
  if (wanted === row.key) return null;
  if (wanted === null) return "an escape here is not valid";
  if (wanted === "") return "a key is needed";
  return Object.hasOwn(value, wanted) ? `there is a key “${wanted}” already` : null;
}

/**
 * The rows as the value now asks for them: those that are in it, in their order, and those being typed.
 *
 * @param {Row[]} rows
 * @param {Record<string, any>} value
 * @returns {Row[]}
 */
function inStep(rows, value) {
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  const known = new Set(rows.map((row) => row.key));
  const kept = rows.filter((row) => row.key === null || (Object.hasOwn(value, row.key) && value[row.key] !== undefined));
  const added = keys.filter((key) => !known.has(key)).map((key) => {
    const escapes = !isTypeable(key);
    return { id: nextId++, key, text: escapes ? escaped(key) : key, escapes, pending: null };
  });
  if (kept.length === rows.length && added.length === 0) return rows;
  return [...kept, ...added];
}
