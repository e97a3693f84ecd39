/*
 * Names that stand for no app of a user. Real ones have letters, digits, dots, `_` and `-` only.
 */

/** Lines of more sources than are told apart. */
export const OVERFLOW_APP = '(other)'
/** Requests that were refused before it was known which app they were for. */
export const UNKNOWN_APP = '(unknown)'
