/** One line of Heroku's, in pieces. */
export interface Piece {
  /** ISO 8601 with microseconds and `+00:00`. */
  readonly time: string
  readonly app: string
  readonly proc: string
  readonly message: string
}

const ROUTER =
  'at=info method=GET path="/carts/7" host=shop.example request_id=0c0ffee0-1111-4222-8333-444455556666 fwd="192.0.2.9" dyno=web.1 connect=1ms service=25ms status=201 bytes=77 protocol=https'

/** What is counted of each of these is known: a request, a dyno's memory, a crash and a measurement. */
export const PIECES: readonly Piece[] = [
  { time: '2026-11-21T11:00:00.250000+00:00', app: 'heroku', proc: 'router', message: ROUTER },
  {
    time: '2026-11-21T11:00:01.250000+00:00',
    app: 'heroku',
    proc: 'web.1',
    message: 'source=web.1 dyno=heroku.5.x sample#memory_total=64.00MB',
  },
  {
    time: '2026-11-21T11:00:02.250000+00:00',
    app: 'heroku',
    proc: 'worker.2',
    message: 'State changed from up to crashed',
  },
  {
    time: '2026-11-21T11:00:03.250000+00:00',
    app: 'app',
    proc: 'web.1',
    message: 'paid measure#pay.time=40ms',
  },
]

const plain = ({ time, app, proc, message }: Piece) => `${time} ${app}[${proc}]: ${message}`
const second = ({ time }: Piece) => time.slice(0, 19)
const ms = ({ time }: Piece) => Date.parse(time)
const local = ({ time }: Piece) => `Nov 21 ${time.slice(11, 19)}`
const json = (value: object) => JSON.stringify(value)
const syslog = ({ time, app, proc, message }: Piece) => ({
  timestamp: time,
  syslog: { appname: app, procid: proc, hostname: 'host' },
  message,
})

/** Ways in which people have their logs, by name: each writes one line. Times of the first ones are exact. */
export const LINE_FORMATS: readonly (readonly [name: string, write: (piece: Piece) => string])[] = [
  ['heroku logs', plain],
  ['a date and a blank', (p) => plain(p).replace('T', ' ')],
  ['a comma before the fraction', (p) => plain(p).replace('.250000', ',250')],
  ['an offset without a colon', (p) => plain(p).replace('+00:00', '+0000')],
  ['RFC 5424', (p) => `<158>1 ${p.time} d.0aa1 ${p.app} ${p.proc} - - ${p.message}`],
  ['RFC 5424 without the host', (p) => `<158>1 ${p.time} ${p.app} ${p.proc} - - ${p.message}`],
  ['Logentries', (p) => `212 <158>1 ${p.time} ${p.app} ${p.proc} - - ${p.message}`],
  ['RFC 5424 without priority and host', (p) => `${p.time} ${p.app} ${p.proc} - - ${p.message}`],
  ['RFC 5424 without priority', (p) => `${p.time} d.0aa1 ${p.app} ${p.proc} - - ${p.message}`],
  ['rsyslog, high precision', (p) => `${p.time} d.0aa1 ${p.app}[${p.proc}] ${p.message}`],
  ['syslog-ng, ISO', (p) => `${p.time} 192.0.2.3 ${p.app}[${p.proc}]: ${p.message}`],
  ['a tag of Papertrail, ISO', (p) => `${p.time} shop ${p.app}/${p.proc}: ${p.message}`],
  ['docker logs -t', (p) => `${second(p)}.900000001Z ${plain(p)}`],
  ['docker logs -t of a dated line', (p) => `${p.time} ${p.app}[${p.proc}]: ${p.message}`],
  ['kubectl --prefix', (p) => `[pod/drain-5d9f8c6b7d-abcde/tail] ${plain(p)}`],
  ['kubectl --prefix --timestamps', (p) => `[pod/drain-1/tail] ${second(p)}.9Z ${plain(p)}`],
  ['stern', (p) => `drain-5d9f8c6b7d-abcde tail ${plain(p)}`],
  ['CRI', (p) => `${second(p)}.900000001+00:00 stdout F ${plain(p)}`],
  ['docker compose', (p) => `drain-1  | ${plain(p)}`],
  ['docker-compose -t', (p) => `drain_1     | ${second(p)}.900000001Z ${plain(p)}`],
  ['pm2', (p) => `3|drain    | ${plain(p)}`],
  ['grep -H', (p) => `logs/2026-11-21.log:${plain(p)}`],
  ['grep -n', (p) => `17:${plain(p)}`],
  ['grep -Hn', (p) => `./prod.log:17:${plain(p)}`],
  ['grep -HnC', (p) => `./prod.log-18-${plain(p)}`],
  ['cat -n', (p) => `    17\t${plain(p)}`],
  ['ts', (p) => `Nov 21 11:59:59 ${plain(p)}`],
  ['ts of another format', (p) => `[2026-11-21 11:59:59] ${plain(p)}`],
  ['ts %.s', (p) => `1795255200.123456 ${plain(p)}`],
  ['ts -i', (p) => `00:00:01 ${plain(p)}`],
  ['journalctl', (p) => `Nov 21 11:59:59 box heroku-logs[4711]: ${plain(p)}`],
  ['journalctl -o short-iso', (p) => `2026-11-21T11:59:59+0000 box tail[4711]: ${plain(p)}`],
  ['aws logs tail', (p) => `${second(p)}.900000+00:00 drain/tail/1 ${plain(p)}`],
  ['logcli', (p) => `${second(p)}Z {app="shop", job="tail"} ${plain(p)}`],
  ['a quotation', (p) => `> ${plain(p)}`],
  ['fluentd', (p) => `${second(p)}+00:00\theroku.logs\t${json({ message: plain(p) })}`],
  ['a byte order mark', (p) => `\ufeff${plain(p)}`],
  ["Papertrail's archive", (p) => archive(p, p.time)],
  [
    'New Relic',
    (p) =>
      json({
        'app.name': p.app,
        'log.timestamp': p.time,
        message: p.message,
        procid: p.proc,
        timestamp: ms(p) + 900,
      }),
  ],
  [
    "Papertrail's API",
    (p) =>
      json({
        generated_at: p.time,
        received_at: '2026-11-21T11:59:59Z',
        source_name: 'shop',
        program: `${p.app}/${p.proc}`,
        message: p.message,
      }),
  ],
  [
    'Vector',
    (p) =>
      json({
        app_name: p.app,
        host: 'host',
        message: p.message,
        proc_id: p.proc,
        source_type: 'heroku_logs',
        timestamp: p.time.replace('+00:00', 'Z'),
      }),
  ],
  ['Logtail', (p) => json({ dt: p.time, ...syslog(p), timestamp: undefined })],
  [
    'Datadog',
    (p) =>
      json({
        id: 'AwAAA',
        content: {
          timestamp: p.time,
          host: p.app,
          service: p.app,
          message: p.message,
          attributes: { syslog: { appname: p.app, procid: p.proc } },
        },
      }),
  ],
  [
    'Elasticsearch',
    (p) =>
      json({
        _id: '1',
        _source: { '@timestamp': p.time, program: p.app, pid: p.proc, message: p.message },
      }),
  ],
  [
    'Logstash',
    (p) =>
      json({
        '@timestamp': p.time,
        '@version': '1',
        syslog_program: `${p.app}[${p.proc}]`,
        message: p.message,
      }),
  ],
  ['Logstash with a whole line', (p) => json({ '@timestamp': p.time, message: plain(p) })],
  [
    'Splunk',
    (p) =>
      json({ preview: false, result: { _time: '2026-11-21T11:59:59.000+00:00', _raw: plain(p) } }),
  ],
  [
    'Fluent Bit',
    (p) =>
      json({ date: ms(p) / 1000, ident: p.app, pid: p.proc, host: 'd.0aa1', message: p.message }),
  ],
  [
    'Coralogix',
    (p) =>
      json({ timestamp: ms(p), applicationName: p.app, subsystemName: p.proc, text: p.message }),
  ],
  [
    'Google Cloud Logging',
    (p) => json({ insertId: 'a', textPayload: plain(p), timestamp: `${second(p)}Z` }),
  ],
  ['Mezmo', (p) => json({ _ts: ms(p), _app: `${p.app}[${p.proc}]`, _line: p.message })],
  [
    "rsyslog's JSON",
    (p) => json({ timestamp: p.time, 'syslog-tag': `${p.app}[${p.proc}]:`, message: p.message }),
  ],
  [
    "syslog-ng's JSON",
    (p) => json({ ISODATE: p.time, HOST: 'x', PROGRAM: p.app, PID: p.proc, MESSAGE: p.message }),
  ],
  [
    'OpenTelemetry',
    (p) => json({ timeUnixNano: `${ms(p)}000000`, body: { stringValue: plain(p) } }),
  ],
  [
    "docker's json-file",
    (p) => json({ log: `${plain(p)}\n`, stream: 'stdout', time: `${second(p)}Z` }),
  ],
  ['journalctl -o json', (p) => json({ __REALTIME_TIMESTAMP: `${ms(p)}000`, MESSAGE: plain(p) })],
  ['a line of a JSON array', (p) => `  ${json(syslog(p))},`],
]

/** The same where times are whole seconds in the machine's zone and have no year. */
export const LOCAL_FORMATS: typeof LINE_FORMATS = [
  ['rsyslog, traditional', (p) => `${local(p)} d.0aa1 ${p.app}[${p.proc}] ${p.message}`],
  ['syslog-ng', (p) => `${local(p)} d.0aa1 ${p.app}[${p.proc}]: ${p.message}`],
  ["Papertrail's tail", (p) => `${local(p)} shop ${p.app}/${p.proc}: ${p.message}`],
  ['RFC 3164', (p) => `<158>${local(p)} d.0aa1 ${p.app}[${p.proc}]: ${p.message}`],
]

/** Times without a zone in an archive are UTC. */
export function archive({ app, proc, message }: Piece, time: string): string {
  return `931\t${time}\t${time}\t8\tshop\t192.0.2.1\tLocal3\tInfo\t${app}/${proc}\t${message}`
}
