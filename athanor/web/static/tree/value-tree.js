/**
 * A JSON value as a tree whose rows exist only while they are seen.
 *
 * Only open nodes are walked, and only the rows in view are elements, so 10,000 open nodes cost
 * what 50 do. The keyboard works as in the tree pattern of WAI-ARIA: arrows, Home, End, Enter, `*`.
 */

import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../lib/preact.js";
import { RawNumber, stringifyJson } from "../form/lossless-json.js";
import { copyText } from "./clipboard.js";
import { JsonText } from "./json-text.js";
import { pathText, visibleRows } from "./rows.js";
import { TreeRow } from "./tree-row.js";
import { useWindow } from "./window.js";

export { summarise } from "./summarise.js";

/** @typedef {import("./rows.js").Row} Row */

/**
 * @typedef {object} ValueTreeProps
 * @property {any} value Anything that JSON can hold; may have `RawNumber`s in it. Not to be changed in place.
 * @property {string} [label] What the value is, for example the key of a result; the name of the first row.
 * @property {boolean} [initiallyOpen] Whether the first row starts open; it does.
 */

let nextTree = 1;

/** @param {ValueTreeProps} props */
export function ValueTree({ value, label = "", initiallyOpen = true }) {
  const [id] = useState(() => `tree-${nextTree++}`);
  const [mode, setMode] = useState(/** @type {"tree" | "json"} */ ("tree"));
  const [open, setOpen] = useState(() => /** @type {ReadonlySet<string>} */ (new Set(initiallyOpen ? ["$"] : [])));
  const [active, setActive] = useState("$");
  const [said, setSaid] = useState("");
  const rows = useMemo(() => visibleRows(value, label, open), [value, label, open]);
  const found = rows.findIndex((row) => row.id === active);
  const activeIndex = found < 0 ? 0 : found;
  const activeRow = /** @type {Row} */ (rows[activeIndex]);

  /**
   * @param {string} what
   * @param {string} text
   */
  const copy = (what, text) => {
    void copyText(text).then((copied) => setSaid(copied ? `${what} copied` : "The browser refused to copy"));
  };
  const copyActive = () => copy(activeIndex === 0 ? "value" : pathText(rows, activeIndex), textOf(valueOfRow(activeRow)));

  useEffect(() => {
    if (said === "") return undefined;
    const timer = setTimeout(() => setSaid(""), 2500);
    return () => clearTimeout(timer);
  }, [said]);

  return html`<div class="tree-frame">
    <div class="tree-toolbar">
      <span class="tree-modes" role="radiogroup" aria-label="Show as">
        ${/** @type {const} */ (["tree", "json"]).map((name) =>
          html`<label class="tree-mode" key=${name}>
            <input type="radio" name=${`${id}-mode`} checked=${mode === name} onChange=${() => setMode(name)} />
            <span>${name === "tree" ? "Tree" : "JSON"}</span>
          </label>`
        )}
      </span>
      <span class="tree-path" title=${mode === "tree" ? pathText(rows, activeIndex) : undefined}>
        ${said !== "" ? said : mode === "tree" ? pathText(rows, activeIndex) : ""}
      </span>
      <span class="tree-unseen" role="status">${said}</span>
      ${mode === "tree" &&
      html`<button type="button" class="tree-button" onClick=${() => copy("path", pathText(rows, activeIndex))}>Copy path</button>
        <button type="button" class="tree-button" onClick=${copyActive}>Copy value</button>`}
      <button type="button" class="tree-button" onClick=${() => copy("everything", stringifyJson(value, 2))}>Copy all</button>
    </div>
    ${mode === "json"
      ? html`<${JsonText} value=${value} label=${label} />`
      : html`<${Rows}
          id=${id}
          label=${label || "Value"}
          rows=${rows}
          open=${open}
          setOpen=${setOpen}
          activeIndex=${activeIndex}
          setActive=${setActive}
          onCopy=${copyActive}
        />`}
  </div>`;
}

/**
 * @typedef {object} RowsProps
 * @property {string} id
 * @property {string} label
 * @property {Row[]} rows
 * @property {ReadonlySet<string>} open
 * @property {(open: ReadonlySet<string>) => void} setOpen
 * @property {number} activeIndex
 * @property {(id: string) => void} setActive
 * @property {() => void} onCopy
 */

/** @param {RowsProps} props */
function Rows({ id, label, rows, open, setOpen, activeIndex, setActive, onCopy }) {
  const [whole, setWhole] = useState(() => /** @type {ReadonlySet<string>} */ (new Set()));
  const view = useWindow(rows);
  const moved = useRef(false);
  useLayoutEffect(() => {
    // Only the keyboard brings the row into view: a click is where one looks already.
    if (!moved.current) return;
    moved.current = false;
    view.reveal(activeIndex);
  });

  /** @param {number} index */
  const goTo = (index) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (!row) return;
    moved.current = true;
    setActive(row.id);
  };
  /**
   * @param {Row} row
   * @param {boolean} [to]
   */
  const toggle = (row, to = !row.open) => {
    if (row.size > 0) setOpen(withOr(open, row.id, to));
    else if (isLong(row)) setWhole(withOr(whole, row.id, !whole.has(row.id)));
  };
  const openSiblings = () => {
    const parent = rows[activeIndex]?.parent;
    const next = new Set(open);
    for (const row of rows) if (row.parent === parent && row.size > 0) next.add(row.id);
    setOpen(next);
  };
  /** @param {KeyboardEvent} event */
  const onKeyDown = (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const row = rows[activeIndex];
    const action = row && keyAction(event.key, row, activeIndex);
    if (!action) return;
    event.preventDefault();
    action();
  };
  /**
   * @param {string} key
   * @param {Row} row
   * @param {number} index
   * @returns {(() => void) | null}
   */
  const keyAction = (key, row, index) => {
    switch (key) {
      case "ArrowDown":
        return () => goTo(index + 1);
      case "ArrowUp":
        return () => goTo(index - 1);
      case "ArrowRight":
        return () => (row.open ? goTo(index + 1) : toggle(row, true));
      case "ArrowLeft":
        return () => (row.open ? toggle(row, false) : goTo(Math.max(0, row.parent)));
      case "Home":
        return () => goTo(0);
      case "End":
        return () => goTo(rows.length - 1);
      case "PageDown":
        return () => goTo(index + view.pageRows());
      case "PageUp":
        return () => goTo(index - view.pageRows());
      case "Enter":
      case " ":
        return () => toggle(row);
      case "*":
        return openSiblings;
      default:
        return null;
    }
  };
  /** @param {ClipboardEvent} event */
  const onCopyEvent = (event) => {
    if (String(document.getSelection()) !== "") return;
    event.preventDefault();
    onCopy();
  };

  const drawn = [];
  for (let index = view.first; index < view.last; index += 1) {
    const row = rows[index];
    if (!row) continue;
    drawn.push(html`<${TreeRow}
      key=${row.id}
      id=${`${id}-${index}`}
      row=${row}
      top=${view.top(index)}
      active=${index === activeIndex}
      whole=${whole.has(row.id)}
      long=${isLong(row)}
      measure=${view.measure}
      onPress=${() => {
        setActive(row.id);
        toggle(row);
      }}
    />`);
  }
  const seen = activeIndex >= view.first && activeIndex < view.last;
  return html`<div
    class="tree"
    role="tree"
    tabindex="0"
    aria-label=${label}
    aria-activedescendant=${seen ? `${id}-${activeIndex}` : undefined}
    ref=${view.scroller}
    onScroll=${view.onScroll}
    onKeyDown=${onKeyDown}
    onCopy=${onCopyEvent}
  >
    <div class="tree-rows" style=${{ height: `${view.height}px` }}>${drawn}</div>
  </div>`;
}

/** A string beyond this, or of several lines, is cut until asked for. */
const LONG = 160;

/** @param {Row} row */
function isLong(row) {
  return typeof row.value === "string" && (row.value.length > LONG || row.value.includes("\n"));
}

/** @param {Row} row */
function valueOfRow(row) {
  if (!row.range) return row.value;
  const { from, to } = row.range;
  return Array.isArray(row.value) ? row.value.slice(from, to) : Object.fromEntries(Object.entries(row.value).slice(from, to));
}

/** @param {any} value */
function textOf(value) {
  // A string is copied as what it says; everything else as JSON.
  return typeof value === "string" ? value : value instanceof RawNumber ? value.text : stringifyJson(value, 2);
}

/**
 * @param {ReadonlySet<string>} set
 * @param {string} id
 * @param {boolean} member
 * @returns {ReadonlySet<string>}
 */
function withOr(set, id, member) {
  const next = new Set(set);
  if (member) next.add(id);
  else next.delete(id);
  return next;
}
