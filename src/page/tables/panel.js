import { make } from '../dom.js'

/** A panel with a heading. */
export function makePanel(title, className, ...children) {
  const tag = className === '' ? 'section.panel' : `section.panel.${className}`
  return make(tag, { 'aria-label': title }, [
    make('header', {}, [make('h2', { text: title })]),
    ...children,
  ])
}
