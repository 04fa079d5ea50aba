/** Which rows of a long list are in view. All are of one height, but for a few that were measured. */

import { useCallback, useLayoutEffect, useMemo, useRef, useState } from "../lib/preact.js";

/** The height of a row in pixels; `tree.css` says the same. */
export const ROW_PX = 22;
/** Rows drawn above and below the view, so that scrolling does not show white. */
const MARGIN = 12;

/** @typedef {import("./rows.js").Row} Row */

/** @param {readonly Row[]} rows */
export function useWindow(rows) {
  /** @type {{current: HTMLElement | null}} */
  const scroller = useRef(null);
  const [scroll, setScroll] = useState({ top: 0, height: 600 });
  const [measured, setMeasured] = useState(() => /** @type {ReadonlyMap<string, number>} */ (new Map()));
  const frame = useRef(0);

  /** The rows that are higher than others, in order, with how much is above each of them in excess. */
  const tall = useMemo(() => {
    if (measured.size === 0) return [];
    let above = 0;
    /** @type {{index: number, above: number, excess: number}[]} */
    const found = [];
    rows.forEach((row, index) => {
      const height = measured.get(row.id);
      if (height === undefined) return;
      found.push({ index, above, excess: height - ROW_PX });
      above += height - ROW_PX;
    });
    return found;
  }, [rows, measured]);

  /** @param {number} index */
  const top = (index) => {
    let excess = 0;
    for (const row of tall) {
      if (row.index >= index) break;
      excess = row.above + row.excess;
    }
    return index * ROW_PX + excess;
  };
  /** @param {number} offset */
  const indexAt = (offset) => {
    let index = Math.floor(offset / ROW_PX);
    for (const row of tall) {
      const start = row.index * ROW_PX + row.above;
      if (offset < start) break;
      index = offset < start + ROW_PX + row.excess ? row.index : Math.floor((offset - row.above - row.excess) / ROW_PX);
    }
    return Math.max(0, Math.min(rows.length - 1, index));
  };

  const read = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    const next = { top: element.scrollTop, height: element.clientHeight };
    setScroll((/** @type {{top: number, height: number}} */ old) => (old.top === next.top && old.height === next.height ? old : next));
  }, []);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(read);
    observer.observe(element);
    return () => {
      observer.disconnect();
      cancelAnimationFrame(frame.current);
    };
  }, []);

  const measure = useCallback((/** @type {string} */ id, /** @type {number | null} */ height) => {
    setMeasured((/** @type {ReadonlyMap<string, number>} */ old) => {
      if (height === null ? !old.has(id) : old.get(id) === height) return old;
      const next = new Map(old);
      if (height === null) next.delete(id);
      else next.set(id, height);
      return next;
    });
  }, []);

  return {
    scroller,
    first: Math.max(0, indexAt(scroll.top) - MARGIN),
    last: Math.min(rows.length, indexAt(scroll.top + scroll.height) + 1 + MARGIN),
    height: top(rows.length),
    top,
    measure,
    onScroll: () => {
      cancelAnimationFrame(frame.current);
      frame.current = requestAnimationFrame(read);
    },
    pageRows: () => Math.max(1, Math.floor(scroll.height / ROW_PX) - 1),
    /** @param {number} index */
    reveal: (index) => {
      const element = scroller.current;
      if (!element) return;
      const start = top(index);
      const end = top(index + 1);
      if (start < element.scrollTop) element.scrollTop = start;
      else if (end > element.scrollTop + element.clientHeight) element.scrollTop = Math.min(start, end - element.clientHeight);
      read();
    },
  };
}
