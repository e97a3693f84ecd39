import { type Verb, EXIT, parseVerbArgs } from './verb.ts'
import { UsageError } from '../../parse/arguments.ts'

export const serve: Verb = {
  usage: '[serve]',
  summary: 'run the drain, /metrics and the charts page',
  help: `Runs the server: the drain at POST /logs, /metrics for Prometheus, the charts page at /.

Usage: l2met [serve]

Settings come from the environment:
  PORT                  8080
  DRAIN_SECRETS         secrets that sign drain URLs, comma-separated; the first signs, all verify.
                        Without one the server is open and listens on 127.0.0.1 only
  METRICS_TOKEN         token required to read: Bearer, or Basic auth with any user name
  METRICS_TOKENS        more tokens, each for one app: shop:TOKEN,blog:TOKEN; *:TOKEN reads all
  TAGS_<APP>            labels of that app's own metrics, like TAGS_SHOP=env:prod,team:web
  REDIS_URL             redis:// or rediss://; comma-separated nodes are a Redis Cluster.
                        Without it everything is kept in this process
  TLS_CERT_FILE, TLS_KEY_FILE
                        PEM files, for HTTPS without a proxy; SIGHUP reads them again
  MAX_SERIES_PER_APP    10000; more are folded into {overflow="true"}
  MAX_ROUTES_PER_APP    200; more are the route (other)
  ROUTES                your own route patterns, comma-separated, like /users/:id,/static/*
  STREAMS               routes whose time is a session's, like /cable,/events/*; no response time
  ROUTES_<APP>, STREAMS_<APP>
                        the same for one app, as STREAMS_MY_SHOP for my-shop
  RETENTION_HOURS       24; how far charts and reports reach back
  HOLD_MS               250; how long requests wait for a store that stopped answering before lines are held
  DATA_DIR              a folder in which everything is kept without Redis: acknowledged means on disk
  DATA_MAX_BYTES        536870912; how many bytes that folder may take
  SPILL_BYTES           67108864; how many bytes of lines are held when the store is away
  WEB_CONCURRENCY       1; processes, with REDIS_URL
  ALERTS, ALERTS_FILE   alerts that are evaluated every 10 s, like p95>500ms for 5m; docs/ALERTS.md
  ALERT_WEBHOOK         URL that alerts are posted to; without ALERTS the default set is used
  OTLP_ENDPOINT         https://USER:PASSWORD@HOST/PATH; also pushes the metrics there, with OTLP/HTTP
  LOG_LEVEL             info; fatal, error, warn, info, debug, trace or silent

Of drains that other programs set up: SECRETS, CRED_STORE, ALLOWED_APPS, <APP>_PASSWORD, <APP>_TAGS;
see docs/MIGRATE.md.
`,
  run: async (args, env) => {
    const { positionals } = parseVerbArgs(args, {})
    if (positionals.length > 0) throw new UsageError('serve takes no argument')
    // Fastify takes 50 ms to load, which no other verb needs.
    const { runServer } = await import('../run.ts')
    return (await runServer(env)) === 0 ? EXIT.done : EXIT.failed
  },
}
