import { readKept, writeKept } from './kept.js'

const THEMES = [
  {
    theme: 'auto',
    title: 'Colours as the system has them',
    media: '(prefers-color-scheme: dark)',
    sign: '◐',
  },
  { theme: 'light', title: 'Light', media: 'not all', sign: '☀' },
  { theme: 'dark', title: 'Dark', media: 'all', sign: '☾' },
]
const KEY = 'l2met-theme'

/** A button that goes through the themes; `onChange` comes whenever colours have changed. */
export function startTheme(button, onChange) {
  let at = Math.max(
    THEMES.findIndex(({ theme }) => theme === readKept(KEY)),
    0,
  )
  const apply = () => {
    const { theme, title, media, sign } = THEMES[at]
    document.getElementById('dark').media = media
    button.textContent = sign
    button.title = `${title}: press to change`
    button.setAttribute('aria-label', `Theme: ${theme}`)
    onChange()
  }
  button.addEventListener('click', () => {
    at = (at + 1) % THEMES.length
    writeKept(KEY, THEMES[at].theme)
    apply()
  })
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', onChange)
  apply()
}
