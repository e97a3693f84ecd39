/** One line of a JSON export, as far as it is known: what stands in the fields that collectors use. */
export interface ExportedLine {
  /** Milliseconds since 1970; NaN where no field of the usual names has a time. */
  readonly time: number
  /** The name of the app that a collector gave it, or the host; '' for none. */
  readonly host: string
  /** `app` or `heroku`, and the procid; both '' where no field says which. */
  readonly app: string
  readonly proc: string
  readonly message: string
}

/** Names of fields in small letters, the ones that are believed first in front; a dot is a level. */
const TIMES = [
  'log.timestamp generated_at syslog.timestamp syslog_timestamp timereported @timestamp',
  'timestamp time dt datetime date ts _time eventtime event_time logged_at timegenerated',
  'received_at published_at timestampms timestamp_ms timestamp_ns _timestamp',
  'isodate _ts timeunixnano observedtimeunixnano __realtime_timestamp',
].flatMap((names) => names.split(' '))
const PROGRAMS = [
  'program syslog.program syslog_program programname syslogtag syslog-tag tag syslog_identifier',
  'app.name appname app_name app-name syslog.appname syslog.app_name syslog_appname applicationname',
  'application app _app ident logger service.name service source log_source',
].flatMap((names) => names.split(' '))
const PROCS = [
  'procid proc_id proc-id syslog.procid syslog_procid process_id processid pid process.pid',
  'proc process process.name ps dyno dyno_name subsystemname dynoid',
].flatMap((names) => names.split(' '))
const HOSTS = 'source_name hostname syslog.hostname syslog_hostname host.name host system'.split(
  ' ',
)
const MESSAGES = [
  'message msg log _raw @message event.original body text line content event @rawstring raw',
  'messagetext log.message textpayload body.stringvalue _line',
].flatMap((names) => names.split(' '))

const APP = /^(?:app|heroku|logplex)$/
const PROC = /^[A-Za-z][\w.-]*$/
/** `heroku/router`, `heroku[router]` or `heroku[router]:`. */
const BOTH = /^(app|heroku|logplex)(?:\/|\[)([A-Za-z][\w.-]*)\]?:?$/
const MAX_FIELDS = 256
const MAX_DEPTH = 5

/** Reads one line of JSON; undefined when it is no object. */
export function readExport(text: string): ExportedLine | undefined {
  const fields = fieldsOf(text)
  if (fields === undefined) return undefined
  const texts = (names: readonly string[]) =>
    names.map((name) => fields.get(name)).filter((value) => typeof value === 'string')
  const programs = texts(PROGRAMS)
  const both = programs.map((program) => BOTH.exec(program)).find((match) => match !== null)
  const app = both?.[1] ?? programs.find((program) => APP.test(program)) ?? ''
  const proc = both?.[2] ?? texts(PROCS).find((name) => PROC.test(name)) ?? ''
  const isKnown = app !== '' && proc !== ''
  return {
    time: timeOf(TIMES.map((name) => fields.get(name))),
    host: texts(HOSTS).find((name) => name !== '') ?? '',
    app: isKnown ? app : '',
    proc: isKnown ? proc : '',
    message: texts(MESSAGES).find((message) => message !== '') ?? '',
  }
}

type Scalar = string | number

/** The scalars of an object by their path and by their own name, those that lie higher first. */
function fieldsOf(text: string): Map<string, Scalar> | undefined {
  let root: unknown
  try {
    root = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isObject(root)) return undefined
  const fields = new Map<string, Scalar>()
  let level: [path: string, value: object][] = [['', root]]
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth += 1) {
    const next: typeof level = []
    for (const [path, value] of level) {
      for (const [key, inner] of Object.entries(value)) {
        if (fields.size >= MAX_FIELDS) return fields
        const name = key.toLowerCase()
        if (isObject(inner)) next.push([`${path}${name}.`, inner])
        else if (typeof inner === 'string' || typeof inner === 'number') {
          for (const known of [path + name, name]) {
            if (!fields.has(known)) fields.set(known, inner)
          }
        }
      }
    }
    level = next
  }
  return fields
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function timeOf(values: readonly (Scalar | undefined)[]): number {
  for (const value of values) {
    const time = value === undefined ? NaN : timeOfValue(value)
    if (!Number.isNaN(time)) return time
  }
  return NaN
}

/** An ISO time, in UTC where it names no zone, or a number of s, ms, µs or ns since 1970. */
function timeOfValue(value: Scalar): number {
  const number = typeof value === 'string' && /^\d{9,19}(?:\.\d+)?$/.test(value) ? +value : value
  if (typeof number === 'number') {
    if (!(number > 1e8)) return NaN
    if (number < 1e11) return number * 1000
    if (number < 1e14) return number
    return number < 1e17 ? number / 1e3 : number / 1e6
  }
  const match = ISO.exec(number)
  if (match === null) return NaN
  const [, date, clock, fraction = '', zone = 'Z'] = match
  const offset = /^[+-]\d{4}$/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone
  const whole = Date.parse(`${date}T${clock}${offset === 'UTC' ? 'Z' : offset}`)
  return whole + Number(`0.${fraction || '0'}`.slice(0, 8)) * 1000
}

const ISO =
  /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d+))? ?(Z|UTC|[+-]\d\d:?\d\d)?(?:\+00:00)?$/i
