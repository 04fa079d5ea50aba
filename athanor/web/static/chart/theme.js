/** The colours and faces of the page, for what is drawn on a canvas, and word of when they change. */

/**
 * The value of a custom property as the canvas understands it.
 *
 * @param {Element} element
 * @param {string} name For example `--accent`.
 * @returns {string}
 */
export function token(element, name) {
  return getComputedStyle(element).getPropertyValue(name).trim();
}

/**
 * Call back when the theme changes: pinned on the root element, or by the system.
 *
 * @param {() => void} onChange
 * @returns {() => void} Ends it.
 */
export function watchTheme(onChange) {
  const observer = new MutationObserver(onChange);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["class", "data-theme", "style"] });
  const systems = ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"].map((query) => window.matchMedia(query));
  for (const system of systems) system.addEventListener("change", onChange);
  return () => {
    observer.disconnect();
    for (const system of systems) system.removeEventListener("change", onChange);
  };
}

/**
 * A colour of the page as plain numbers, also one that is made of others: the canvas does not know
 * `light-dark()` and its kind.
 *
 * @param {Element} element
 * @param {string} name
 * @returns {string}
 */
export function resolvedColour(element, name) {
  const probe = document.createElement("span");
  probe.hidden = true;
  probe.style.color = `var(${name})`;
  element.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}
