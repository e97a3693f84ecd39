/**
 * What most windows of a Heroku app hold, so that even a small one deflates well. It is a part of
 * the packed form: whoever changes it has to give deflated records a new type.
 */
export const DICTIONARY = Buffer.from(
  [
    'sratio postgres/index-cache-hit-rate addon postgres source DATABASE',
    'sbytes postgres/memory-total addon ',
    'cs app/ source ',
    'ms app/ source ',
    'c app/',
    'c dyno/errors code R14 dyno worker.1',
    'c dyno/events dyno_type worker event ',
    'c l2met/bodies result committed',
    'ms l2met/commit',
    'c route/failed method GET route /',
    'c route/errors code H12 route /',
    'c dyno/request_errors code H12 dyno web.1',
    'c route/requests method DELETE route /:id status_class 2xx',
    'c route/requests method PATCH route /:id status_class 3xx',
    'c route/requests method POST route /:id status_class 4xx',
    'c route/requests method GET route /:id status_class 5xx',
    'ms route/service method POST route /',
    'ms route/service method GET route /',
    'c router/errors code H12',
    'c router/requests dyno web.1 status 200201204301302304400401403404422500502503',
    'c router/requests dyno web.1 status 200',
    'mbytes router/bytes dyno web.1',
    'ms router/connect dyno web.1',
    'ms router/service dyno web.1',
    's dyno/load_avg_15m dyno web.1',
    's dyno/load_avg_1m dyno web.1',
    's dyno/load_avg_5m dyno web.1',
    'spages dyno/memory_pgpgin dyno web.1',
    'spages dyno/memory_pgpgout dyno web.1',
    'sbytes dyno/memory_cache dyno web.1',
    'sbytes dyno/memory_quota dyno web.1',
    'sbytes dyno/memory_rss dyno web.1',
    'sbytes dyno/memory_swap dyno web.1',
    'sbytes dyno/memory_total dyno web.1',
  ]
    .join(' ')
    .replaceAll(' ', '\0'),
)
