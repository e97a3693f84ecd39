import { make } from '../dom.js'

/**
 * A column of a table.
 * @typedef {object} TableColumn
 * @property {string} title
 * @property {string} [hint]
 * @property {(row: any) => number | string | null} value what rows are sorted by
 * @property {(row: any) => number | string | null} [csv] in place of the value in a CSV file
 * @property {(row: any) => Node | string} show
 * @property {boolean} [isText] aligned to the left
 */

/**
 * A table that is sorted by the heading that was pressed; `rows` may come again and again.
 * @param {TableColumn[]} columns
 * @param {{sort: number, most: number, empty: string, rowName: string}} options
 */
export function createTable(columns, { sort, most, empty, rowName }) {
  const state = { sort, isDown: true, isAll: false, rows: [] }
  const body = make('tbody')
  const headings = columns.map(({ title, hint, isText }, i) => {
    const button = make('button', {
      type: 'button',
      text: title,
      title: hint,
      onclick: () => sortBy(i),
    })
    return make(isText ? 'th.text' : 'th', { scope: 'col' }, [button])
  })
  const more = make('button.more', {
    type: 'button',
    onclick: () => {
      state.isAll = !state.isAll
      show()
    },
  })
  const table = make('table', {}, [make('thead', {}, [make('tr', {}, headings)]), body])
  const nothing = make('p.empty', { text: empty })
  const element = make('div.table', {}, [table, more, nothing])

  const sortBy = (i) => {
    state.isDown = state.sort === i ? !state.isDown : columns[i].isText !== true
    state.sort = i
    show()
  }

  const sortedRows = () => {
    const { value } = columns[state.sort]
    return state.rows.toSorted((a, b) => compare(value(a), value(b)) * (state.isDown ? -1 : 1))
  }

  const show = () => {
    const sorted = sortedRows()
    const shown = state.isAll ? sorted : sorted.slice(0, most)
    body.replaceChildren(...shown.map((row) => rowOf(columns, row)))
    headings.forEach((heading, i) => {
      const order = state.isDown ? 'descending' : 'ascending'
      if (i === state.sort) heading.setAttribute('aria-sort', order)
      else heading.removeAttribute('aria-sort')
    })
    table.hidden = sorted.length === 0
    nothing.hidden = sorted.length > 0
    more.hidden = sorted.length <= most
    more.textContent = state.isAll
      ? `Show ${most} ${rowName}`
      : `Show all ${sorted.length} ${rowName}`
  }

  /** All rows as they are sorted, also those that are not on the screen. */
  const csv = () => [
    columns.map(({ title }) => title),
    ...sortedRows().map((row) => columns.map(({ value, csv = value }) => csv(row))),
  ]

  return {
    element,
    csv,
    update: (rows) => {
      state.rows = rows
      show()
    },
  }
}

/** A number with a bar behind it that fills a share (0 to 1) of the cell. */
export function makeBar(text, share, colour) {
  const bar = make('span.fill')
  bar.style.width = `${Math.min(Math.max(share, 0), 1) * 100}%`
  bar.style.background = `var(--${colour})`
  return make('span.bar', {}, [bar, make('span', { text })])
}

function rowOf(columns, row) {
  const cells = columns.map(({ show, isText }) => make(isText ? 'td.text' : 'td', {}, [show(row)]))
  return make('tr', {}, cells)
}

function compare(a, b) {
  if (a === b) return 0
  if (a === null || a === undefined) return -1
  if (b === null || b === undefined) return 1
  return typeof a === 'string' ? a.localeCompare(b, 'en', { numeric: true }) * -1 : a - b
}
