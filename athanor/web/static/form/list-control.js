/** Lists, with adding, removing and reordering; and tuples, whose places are fixed. */

import { html, useLayoutEffect, useRef, useState } from "../lib/preact.js";
import { controlAttributes, hintText, isBlock } from "./context.js";
import { startDrag } from "./drag.js";
import { startingItem } from "./defaults.js";
import { ItemShell } from "./item.js";
import { isObject } from "./lossless-json.js";

/** @typedef {import("./context.js").Slot} Slot */

/** A longer list shows its first items, and more when asked. */
const PAGE = 100;

let nextId = 1;

/** @param {Slot} slot */
export function ListControl(slot) {
  const { form, node, update, path, label } = slot;
  const effective = slot.value === undefined && node.hasDefault ? node.default : slot.value;
  const items = Array.isArray(effective) ? effective : [];
  const inner = form.reader.node(isObject(node.schema.items) ? node.schema.items : true);
  const ids = useItemIds(items.length);
  const [page, setPage] = useState(PAGE);
  const [fresh, setFresh] = useState(-1);
  /** @type {{current: HTMLElement | null}} */
  const element = useRef(null);
  /** @type {{current: {index: number, act: string} | null}} */
  const focusNext = useRef(null);
  useLayoutEffect(() => {
    const wanted = focusNext.current;
    if (!wanted || !element.current) return;
    focusNext.current = null;
    focusItem(element.current, wanted.index, wanted.act);
  });

  const shown = Math.min(items.length, Math.max(page, lastErrorIndex(slot) + 1));
  const full = node.schema.maxItems !== undefined && items.length >= Number(node.schema.maxItems);
  /** @param {(items: any[]) => any[]} change */
  const updateItems = (change) =>
    update((current) => {
      const present = current === undefined && node.hasDefault ? node.default : current;
      return change(Array.isArray(present) ? present : []);
    });

  const add = () => {
    ids.push(nextId++);
    setFresh(items.length);
    setPage(Math.max(page, items.length + 1));
    focusNext.current = { index: items.length, act: "control" };
    updateItems((present) => [...present, startingItem(form.reader, inner)]);
    form.announce(`${label}: item ${items.length + 1} added`);
  };
  /** @param {number} index */
  const remove = (index) => {
    ids.splice(index, 1);
    focusNext.current = items.length > 1 ? { index: Math.min(index, items.length - 2), act: "remove" } : { index: -1, act: "add" };
    updateItems((present) => present.filter((_, i) => i !== index));
    form.announce(`${label}: item ${index + 1} removed`);
  };
  /**
   * @param {number} from
   * @param {number} to
   * @param {string} [act] The button that keeps the focus.
   */
  const move = (from, to, act) => {
    if (from === to) return;
    ids.splice(to, 0, ...ids.splice(from, 1));
    if (act) focusNext.current = { index: to, act };
    setFresh(-1);
    updateItems((present) => {
      const moved = [...present];
      moved.splice(to, 0, ...moved.splice(from, 1));
      return moved;
    });
    form.announce(`${label}: item ${from + 1} is now item ${to + 1} of ${items.length}`);
  };

  const { id, "aria-describedby": describedBy } = controlAttributes(slot);
  return html`<div class="form-list" ref=${element} role="group" aria-label=${label} aria-describedby=${describedBy}>
    ${items.slice(0, shown).map((item, index) =>
      html`<${ItemShell}
        key=${ids[index]}
        slot=${{
          form,
          node: inner,
          value: item,
          update: (/** @type {(current: any) => any} */ change) =>
            updateItems((present) => present.map((old, i) => (i === index ? change(old) : old))),
          path: [...path, index],
          label: `${label} ${index + 1}`,
          item: true,
        }}
        fresh=${index === fresh}
        name=${html`<span class="form-index">${index + 1}</span>`}
        grip=${html`<span
          class="form-grip"
          aria-hidden="true"
          title="Drag to reorder"
          onPointerDown=${(/** @type {PointerEvent} */ event) => !form.disabled && startDrag(event, (to) => move(index, to))}
        ></span>`}
        onUp=${index > 0 ? () => move(index, index - 1, "up") : null}
        onDown=${index < items.length - 1 ? () => move(index, index + 1, "down") : null}
        onRemove=${() => remove(index)}
      />`
    )}
    <div class="form-list-end">
      <button type="button" class="form-button" id=${id} data-act="add" disabled=${form.disabled || full} onClick=${add}>
        + Add<span class="form-unseen"> to ${label}</span>
      </button>
      ${shown < items.length &&
      html`<button type="button" class="form-button" onClick=${() => setPage(shown + PAGE)}>
        Show ${Math.min(PAGE, items.length - shown)} more of ${items.length}
      </button>`}
      ${hintText(slot) && html`<span class="form-hint" id=${`${id}-hint`}>${hintText(slot)}</span>`}
      ${slot.value === undefined && !slot.required && !node.hasDefault && html`<span class="form-hint">left to the experiment</span>`}
    </div>
  </div>`;
}

/** @param {Slot} slot */
export function TupleControl(slot) {
  const { form, node, update, path, label } = slot;
  const effective = slot.value === undefined && node.hasDefault ? node.default : slot.value;
  const items = Array.isArray(effective) ? effective : [];
  const places = node.schema.prefixItems;
  const { id } = controlAttributes(slot);
  const side = !isBlock(form.reader, node);
  return html`<div class="form-tuple" data-side=${side ? "true" : undefined} id=${id} role="group" aria-label=${label} tabindex="-1">
    ${places.map((/** @type {any} */ schema, /** @type {number} */ index) => {
      const inner = form.reader.node(schema);
      const name = inner.title || `${label} ${index + 1}`;
      const field = form.field({
        form,
        node: inner,
        value: items[index],
        update: (change) =>
          update((current) => {
            const present = Array.isArray(current) ? current : current === undefined && Array.isArray(node.default) ? node.default : [];
            const next = [...present];
            while (next.length < index) next.push(null);
            next[index] = change(present[index]) ?? null;
            return next;
          }),
        path: [...path, index],
        label: name,
        item: true,
        inline: side,
      });
      return side ? html`<div class="form-place" key=${index}>${inner.title && html`<span class="form-hint" aria-hidden="true">${inner.title}</span>`}${field}</div>` : field;
    })}
    ${items.length > places.length && html`<p class="form-note">${items.length - places.length} more than there are places, kept; see JSON</p>`}
  </div>`;
}

/**
 * An identity for each item that goes with it when it moves, so that open groups stay open.
 *
 * @param {number} length
 * @returns {number[]}
 */
function useItemIds(length) {
  /** @type {{current: number[]}} */
  const ids = useRef([]);
  while (ids.current.length < length) ids.current.push(nextId++);
  if (ids.current.length > length) ids.current.length = length;
  return ids.current;
}

/** @param {Slot} slot */
function lastErrorIndex({ form, path }) {
  let last = -1;
  for (const error of form.placement.all) {
    const index = error.path[path.length];
    if (typeof index === "number" && path.every((part, i) => part === error.path[i])) last = Math.max(last, index);
  }
  return last;
}

/**
 * @param {HTMLElement} list
 * @param {number} index
 * @param {string} act
 */
function focusItem(list, index, act) {
  const items = [...list.children].filter((child) => child.classList.contains("form-item"));
  const item = /** @type {HTMLElement | undefined} */ (items[index]);
  if (act === "add" || !item) {
    /** @type {HTMLElement | null} */ (list.querySelector(":scope > .form-list-end > [data-act=add]"))?.focus();
    return;
  }
  if (act === "control") {
    const control = item.querySelector(".form-item-body :is(input, select, textarea), .form-item-control :is(input, select, textarea)");
    /** @type {HTMLElement | null} */ (control ?? item.querySelector("button"))?.focus();
    return;
  }
  const buttons = item.querySelector(":scope > .form-item-line > .form-item-buttons");
  // At the end of the list the button that was used is disabled: its neighbour takes the focus.
  const order = act === "up" ? ["up", "down"] : act === "down" ? ["down", "up"] : ["remove"];
  for (const name of order) {
    const button = /** @type {HTMLButtonElement | null | undefined} */ (buttons?.querySelector(`[data-act=${name}]`));
    if (button && !button.disabled) {
      button.focus();
      return;
    }
  }
}
