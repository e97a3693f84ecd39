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
    THEMES.findIndex(({ theme }) => theme === stored()),
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
    store(THEMES[at].theme)
    apply()
  })
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', onChange)
  apply()
}

// Storage may be forbidden; the theme then lasts as long as the page.
function stored() {
  try {
    return localStorage.getItem(KEY)
  } catch {
    return null
  }
}

function store(theme) {
  try {
    localStorage.setItem(KEY, theme)
  } catch {
    return
  }
}
