/** What a line looks like that isn't Heroku's, and what to do about it. */
interface Kind {
  readonly pattern: RegExp
  readonly hint: string
}

const LOGS = 'heroku logs -n 1500 -a APP | l2met-local'
const ROUTER_LOGS = 'heroku logs -p router -n 1500 -a APP | l2met-local'

const ACCESS_LOG = /\[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "[A-Z]+ \S+/

const KINDS: readonly Kind[] = [
  {
    pattern: /^\s*(?:[›▸!»]\s+|Error: |Warning: )|Couldn't find that app|^Enter your Heroku/i,
    hint: 'this is what the Heroku CLI says instead of a log; run heroku logs by itself to see why',
  },
  {
    pattern: /^\s*(?:<!doctype|<html|<\?xml)/i,
    hint: 'this is a web page and no log; a download may have ended at a login',
  },
  {
    pattern: ACCESS_LOG,
    hint: `these are lines of an access log, as nginx and Apache write it; the router's are needed: ${ROUTER_LOGS}`,
  },
  {
    pattern: /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[\w+\] \d+#/,
    hint: `this is the error log of nginx; Heroku's is needed: ${LOGS}`,
  },
  {
    pattern:
      /^(?:[DIWEF], \[\d|Started (?:GET|POST|PUT|PATCH|DELETE|HEAD) "|Processing by |Completed \d{3} )/,
    hint: `this is a log of Rails without Heroku's time and source; ${LOGS}`,
  },
  {
    pattern: /^\s*(?:\[?\s*\{|[[\]],?\s*$|"[^"]*":)/,
    hint: `JSON is read as one object per line with a time, app or heroku, the procid and the message under names as timestamp, program or appname, procid, message; of an array jq -c '.[]' makes lines`,
  },
  {
    pattern: /^"?[\w@. -]+"?(?:,"?[\w@. -]*"?){3,}/,
    hint: 'this looks like CSV; export JSON with one object per line, or the lines themselves',
  },
  {
    pattern: /^(?:\S+ )*?(?:level|lvl|severity)=\w+ /,
    hint: `these are lines of an app without Heroku's time and source; ${LOGS}`,
  },
  {
    // oxlint-disable-next-line no-control-regex
    pattern: /[\u0001-\u0008\u000e-\u001a]/,
    hint: 'this is no text',
  },
]

const EXPECTED = `no line is like '2026-11-21T10:00:00+00:00 heroku[router]: at=info method=GET …'; ${LOGS}`
const MAX_LINES = 200

/** Why the lines of a text aren't understood, most probably, and what to type. */
export function hintFor(sample: Buffer): string {
  const lines = linesOf(sample)
  let best: Kind | undefined
  let most = 0
  for (const kind of KINDS) {
    const count = lines.filter((line) => kind.pattern.test(line)).length
    if (count <= most) continue
    best = kind
    most = count
  }
  return best === undefined || most * 4 < lines.length ? EXPECTED : best.hint
}

/** What a log lacks that has lines of the app and nothing to count. */
export function hintForApp(sample: Buffer): string {
  const lines = linesOf(sample)
  const isAccessLog = lines.filter((line) => ACCESS_LOG.test(line)).length * 2 > lines.length
  const found = isAccessLog
    ? "access-log lines of the app, and none of the router's"
    : 'lines of the app'
  return `there are only ${found}; requests are counted by the router: ${ROUTER_LOGS}`
}

function linesOf(sample: Buffer): string[] {
  // NULs are those of UTF-16.
  const lines = sample.toString('utf8').replaceAll('\0', '').split('\n').slice(0, MAX_LINES)
  return lines.filter((line) => line.trim() !== '')
}
