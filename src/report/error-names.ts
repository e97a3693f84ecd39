/**
 * Heroku's error codes in plain words: the titles of Heroku's "Error Codes" page, and for H codes the
 * `desc=` of router lines. A code that isn't here is shown by itself.
 */
const ERROR_NAMES: ReadonlyMap<string, string> = new Map([
  ['H10', 'App crashed'],
  ['H11', 'Backlog too deep'],
  ['H12', 'Request timeout'],
  ['H13', 'Connection closed without response'],
  ['H14', 'No web dynos running'],
  ['H15', 'Idle connection'],
  ['H16', 'Redirect to herokuapp.com'],
  ['H17', 'Poorly formatted HTTP response'],
  ['H18', 'Server request interrupted'],
  ['H19', 'Backend connection timeout'],
  ['H20', 'App boot timeout'],
  ['H21', 'Backend connection refused'],
  ['H22', 'Connection limit reached'],
  ['H23', 'Endpoint misconfigured'],
  ['H24', 'Forced close'],
  ['H25', 'HTTP restriction'],
  ['H26', 'Request error'],
  ['H27', 'Client request interrupted'],
  ['H28', 'Client connection idle'],
  ['H31', 'Misdirected request'],
  ['H32', 'TLS certificate mismatch'],
  ['H33', 'HTTP/2 stream broken'],
  ['H34', 'All up dynos are quarantined'],
  ['H70', 'Access to bamboo HTTP endpoint denied'],
  ['H80', 'Maintenance mode'],
  ['H81', 'Blank app'],
  ['H82', 'Dyno hour pool used up'],
  ['H83', 'Planned service degradation'],
  ['H99', 'Platform error'],
  ['R10', 'Boot timeout'],
  ['R12', 'Exit timeout'],
  ['R13', 'Attach error'],
  ['R14', 'Memory quota exceeded'],
  ['R15', 'Memory quota vastly exceeded'],
  ['R16', 'Detached'],
  ['R17', 'Checksum error'],
  ['R99', 'Platform error'],
  ['L10', 'Drain buffer overflow'],
  ['L11', 'Tail buffer overflow'],
  ['L12', 'Local buffer overflow'],
  ['L13', 'Local delivery error'],
  ['L14', 'Certificate validation error'],
  ['L15', 'Tail buffer temporarily unavailable'],
])

export function errorName(code: string): string {
  return ERROR_NAMES.get(code) ?? ''
}
