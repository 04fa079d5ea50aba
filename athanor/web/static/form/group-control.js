/** The members of a model, and the keys that came with the value though the model does not know them. */

import { html } from "../lib/preact.js";
import { isObject } from "./lossless-json.js";
import { ItemShell } from "./item.js";
import { withMember } from "./paths.js";
import { labelFromName } from "./schema.js";

/** @typedef {import("./context.js").Slot} Slot */

/**
 * @param {Slot & {hidden?: string | null}} slot `hidden`: a member that is shown elsewhere, as the
 *   discriminator of a union is.
 */
export function GroupControl(slot) {
  const { form, node, update, path, hidden } = slot;
  const effective = slot.value === undefined && node.hasDefault ? node.default : slot.value;
  const value = isObject(effective) ? effective : {};
  const properties = node.schema.properties ?? {};
  const required = node.schema.required ?? [];
  const additional = node.schema.additionalProperties;
  const others = Object.keys(value).filter((name) => value[name] !== undefined && !Object.hasOwn(properties, name));
  /**
   * @param {string} name
   * @param {(current: any) => any} change
   */
  const updateMember = (name, change) =>
    update((current) => {
      const whole = isObject(current) ? current : current === undefined && isObject(node.default) ? node.default : {};
      return withMember(whole, name, change(Object.hasOwn(whole, name) ? whole[name] : undefined));
    });

  return html`
    ${Object.entries(properties).map(([name, schema]) => {
      if (name === hidden) return null;
      const member = form.reader.node(schema);
      return form.field({
        form,
        node: member,
        value: Object.hasOwn(value, name) ? value[name] : undefined,
        update: (change) => updateMember(name, change),
        path: [...path, name],
        label: member.title || labelFromName(name),
        required: required.includes(name),
      });
    })}
    ${others.length > 0 &&
    html`<div class="form-others">
      <p class="form-note">${additional === true || isObject(additional) ? "Further keys" : "Not in the schema, and kept"}</p>
      ${others.map((name) => {
        const inner = {
          form,
          node: form.reader.node(isObject(additional) ? additional : true),
          value: value[name],
          update: (/** @type {(current: any) => any} */ change) => updateMember(name, change),
          path: [...path, name],
          label: name,
          item: true,
          inline: true,
        };
        return html`<${ItemShell}
          key=${name}
          slot=${inner}
          name=${html`<code class="form-key">${name}</code>`}
          onRemove=${() => updateMember(name, () => undefined)}
        />`;
      })}
    </div>`}
  `;
}
