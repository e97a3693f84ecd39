/* Choices of a person, kept by the browser. Where storage is forbidden they last as long as the page. */

export function readKept(key) {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

export function writeKept(key, value) {
  try {
    localStorage.setItem(key, value)
  } catch {
    return
  }
}
