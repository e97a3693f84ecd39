const THEMES = ['auto', 'light', 'dark']
const KEY = 'l2met-theme'
const TITLES = { auto: 'Colours as the system has them', light: 'Light', dark: 'Dark' }
const MEDIA = { auto: '(prefers-color-scheme: dark)', light: 'not all', dark: 'all' }
const SIGNS = { auto: '◐', light: '☀', dark: '☾' }

/** A button that goes through the themes; `onChange` comes whenever colours have changed. */
export function startTheme(button, onChange) {
  const state = { theme: stored() }
  const apply = () => {
    const { theme } = state
    document.getElementById('dark').media = MEDIA[theme]
    button.textContent = SIGNS[theme]
    button.title = `${TITLES[theme]}: press to change`
    button.setAttribute('aria-label', `Theme: ${theme}`)
    onChange()
  }
  button.addEventListener('click', () => {
    state.theme = THEMES[(THEMES.indexOf(state.theme) + 1) % THEMES.length]
    store(state.theme)
    apply()
  })
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', onChange)
  apply()
}

// Storage may be forbidden; the theme then lasts as long as the page.
function stored() {
  try {
    const theme = localStorage.getItem(KEY)
    return THEMES.includes(theme) ? theme : 'auto'
  } catch {
    return 'auto'
  }
}

function store(theme) {
  try {
    localStorage.setItem(KEY, theme)
  } catch {
    return
  }
}
