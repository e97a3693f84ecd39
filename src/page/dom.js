/**
 * Makes an element. Text is only ever set as text, so what a log says stays what it says.
 * @param {string} tag name of the element, with classes behind dots: `span.bar.hot`
 * @param {Record<string, any>} [options] attributes; `on…` are listeners, `text` is the text
 * @param {(Node | string | null | undefined)[]} [children]
 */
export function make(tag, options = {}, children = []) {
  const [name, ...classes] = tag.split('.')
  const element = document.createElement(name)
  if (classes.length > 0) element.classList.add(...classes)
  for (const [key, value] of Object.entries(options)) {
    if (value === null || value === undefined || value === false) continue
    if (key === 'text') element.textContent = String(value)
    else if (key.startsWith('on')) element.addEventListener(key.slice(2), value)
    else element.setAttribute(key, value === true ? '' : String(value))
  }
  element.append(...children.filter((child) => child !== null && child !== undefined))
  return element
}

/** Sets a text, and touches nothing when it is there already: a screen reader says it once. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

/** A colour of the style sheet. */
export function colourOf(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
}
