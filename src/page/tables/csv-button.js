import { make } from '../dom.js'
import { saveCsv } from '../state/csv.js'

/** Saves what a panel shows; `rowsOf` is asked for it when the button is pressed. */
export function makeCsvButton(title, rowsOf) {
  return make('button.csv', {
    type: 'button',
    text: 'CSV',
    title: `Save as CSV: ${title}`,
    'aria-label': `Save as CSV: ${title}`,
    onclick: () => saveCsv(title, rowsOf()),
  })
}
