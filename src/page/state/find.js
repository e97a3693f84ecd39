/** Whether a name has the text that is looked for; all have where nothing is. */
export function isFound(find, ...names) {
  const text = find.trim().toLowerCase()
  return text === '' || names.some((name) => name.toLowerCase().includes(text))
}
