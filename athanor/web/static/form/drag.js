/** Reordering by drag: an item follows the pointer, and a mark shows where it would go. */

/**
 * Begin to drag the item around the handle that was pressed.
 *
 * @param {PointerEvent} event The `pointerdown` of the handle.
 * @param {(to: number) => void} onDrop Called with the new place, if it is another.
 */
export function startDrag(event, onDrop) {
  if (event.button !== 0) return;
  const handle = /** @type {HTMLElement} */ (event.currentTarget);
  const item = /** @type {HTMLElement | null} */ (handle.closest(".form-item"));
  const list = item?.parentElement;
  if (!item || !list) return;
  event.preventDefault();
  handle.setPointerCapture(event.pointerId);
  const items = /** @type {HTMLElement[]} */ ([...list.children].filter((child) => child.classList.contains("form-item")));
  const from = items.indexOf(item);
  const middles = items.map((other) => {
    const box = other.getBoundingClientRect();
    return box.top + box.height / 2;
  });
  const startY = event.clientY;
  const startScroll = window.scrollY;
  let to = from;
  item.classList.add("form-item-dragged");

  /** @param {PointerEvent} moved */
  const onMove = (moved) => {
    const distance = moved.clientY - startY + (window.scrollY - startScroll);
    item.style.transform = `translateY(${distance}px)`;
    const middle = /** @type {number} */ (middles[from]) + distance;
    to = middles.filter((other, i) => i !== from && other < middle).length;
    items.forEach((other, i) => {
      const place = i > from ? i - 1 : i;
      other.classList.toggle("form-item-before", i !== from && place === to && to !== from);
      other.classList.toggle("form-item-after", i !== from && to === items.length - 1 && place === to - 1 && to !== from);
    });
  };
  /** @param {boolean} drop */
  const end = (drop) => {
    handle.removeEventListener("pointermove", onMove);
    handle.removeEventListener("pointerup", onUp);
    handle.removeEventListener("pointercancel", onCancel);
    window.removeEventListener("keydown", onKey, true);
    item.classList.remove("form-item-dragged");
    item.style.transform = "";
    for (const other of items) other.classList.remove("form-item-before", "form-item-after");
    if (drop && to !== from) onDrop(to);
  };
  const onUp = () => end(true);
  const onCancel = () => end(false);
  /** @param {KeyboardEvent} pressed */
  const onKey = (pressed) => {
    if (pressed.key !== "Escape") return;
    pressed.stopPropagation();
    end(false);
  };
  handle.addEventListener("pointermove", onMove);
  handle.addEventListener("pointerup", onUp);
  handle.addEventListener("pointercancel", onCancel);
  window.addEventListener("keydown", onKey, true);
}
