export const HELP = `Usage: heroku logs -t -a APP | l2met-local [options] [file…]

Counts what is in Heroku's logs: requests, status codes, errors, service times
by route and dyno, memory and load, and the app's own l2met measurements.

Input: log files (also .gz), several of them, or - for stdin. Lines may come
from heroku logs, syslog, Papertrail, a drain or a JSON export, with or without
colours and prefixes of docker, kubectl or grep.
Output: a live board when a log is piped to a terminal, else a report.

Options:
  -j, --json              one JSON object instead of the text
  -i, --interval 10s      a line (with --json, an object) for every 10 seconds
                          of the log's own time
  -n, --top 20            how many routes, groups and slow requests to show
      --sort p95          sort routes and groups by requests, p95, errors or
                          total (all the time that they took)
      --slow 1s           also list the slowest requests, of 1 second or more
  -w, --where FIELD=VALUE count only such requests; may be repeated (and).
                          FIELD is status, dyno, method, route, code or path;
                          != is not, a comma is or, * is any text.
                          app=NAME counts only lines of that app
      --by FIELD          group requests by route, dyno, status, method, app
      --since -2h         only lines from here on: before the end of the log, or
                          a time as 2026-11-21T10:00
      --until -1h         only lines before this
      --tz Europe/Berlin  show times in this zone; local is the machine's
      --dedupe            count lines once that came twice, as in dumps that
                          overlap
      --csv               the routes, or the groups of --by, as CSV
      --fail-if 'p95>500ms'
                          exit with 4 when it is so; may be repeated. Also
                          'error-rate>1%', 'code=H12>0', 'route=/a p95>1s',
                          'memory>90% of quota': the conditions of alerts
      --routes /users/:id,/static/*
                          routes of your own (also ROUTES)
      --streams /cable,/events/*
                          routes whose time is a session's (a WebSocket's), and
                          no response time (also STREAMS)
      --html report.html  also write a page with charts, to look at and share
      --no-color          no colours; NO_COLOR and FORCE_COLOR are honoured
  -h, --help              this text
  -V, --version           the version

Board: q quits with the report, p pauses, s sorts the routes, arrows scroll.
Exit codes: 0 done, 1 an input failed, 2 wrong usage, 3 nothing understood,
4 a threshold of --fail-if, 130 after the report on Ctrl-C.

Examples:
  heroku logs -t -a my-app | l2met-local
  heroku logs -t -a my-app | l2met-local --interval 10s
  heroku logs -n 1500 -a my-app | l2met-local --slow 1s --by dyno
  l2met-local --where status=5xx --where 'route=/api/*' 2026-11-*.log.gz
  l2met-local --since -2h --by app --sort errors papertrail.log
  l2met-local --json yesterday.log | jq .service.p95
  l2met-local --fail-if 'p95>500ms' --fail-if 'error-rate>1%' load-test.log
`
