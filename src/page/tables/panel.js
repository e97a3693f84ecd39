import { make } from '../dom.js'
import { makeCsvButton } from './csv-button.js'

/** A panel with a heading; `rowsOf` are the rows that it saves as CSV, null where there are none. */
export function makePanel(title, className, rowsOf, ...children) {
  const tag = className === '' ? 'section.panel' : `section.panel.${className}`
  return make(tag, { 'aria-label': title }, [
    make('header', {}, [
      make('h2', { text: title }),
      rowsOf === null ? null : makeCsvButton(title, rowsOf),
    ]),
    ...children,
  ])
}
