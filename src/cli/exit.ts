/** Exit codes, beside 130 after Ctrl-C; docs/LOCAL.md. */
export const EXIT = { done: 0, fault: 1, usage: 2, nothing: 3, threshold: 4 }
