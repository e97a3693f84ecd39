/** One result of `l2met doctor`. */
export interface Finding {
  /** Like `last line`. */
  readonly check: string
  readonly status: 'ok' | 'warn' | 'fail'
  readonly text: string
  /** The next step of whoever reads it; undefined when all is well. */
  readonly todo?: string
}

export function ok(check: string, text: string): Finding {
  return { check, status: 'ok', text }
}

export function warn(check: string, text: string, todo: string): Finding {
  return { check, status: 'warn', text, todo }
}

export function fail(check: string, text: string, todo: string): Finding {
  return { check, status: 'fail', text, todo }
}

const CHECK_WIDTH = 10

/** One line for each finding, and one below it for what to do. */
export function findingsText(findings: readonly Finding[]): string {
  const lines = findings.map(({ check, status, text, todo }) => {
    const line = `${status.padEnd(5)} ${check.padEnd(CHECK_WIDTH)} ${text}`
    return todo === undefined ? line : `${line}\n${' '.repeat(6 + CHECK_WIDTH)} → ${todo}`
  })
  const count = (status: Finding['status']) =>
    findings.filter((finding) => finding.status === status).length
  const sum = `${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} wrong`
  return `${lines.join('\n')}\n\n${sum}\n`
}
