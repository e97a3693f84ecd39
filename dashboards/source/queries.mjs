// PromQL that the dashboards share. Prometheus keeps either native histograms or classic buckets of
// l2met's distributions, or both; every question to a distribution takes what is there.

/** Around each point of a graph. */
export const STEP = '[$__rate_interval]'
/** All that is shown, at the time that is asked for: for tables. */
export const SHOWN = '[$__range]'
/** All that is shown, the same at each point of a graph: to choose its series by. */
export const SHOWN_ALWAYS = '[$__range] @ end()'

/** Labels of the chosen apps, and more: `{app=~"$app",code="H12"}`. */
export function selector(...matchers) {
  return `{${['app=~"$app"', ...matchers].join(',')}}`
}

/** Per second, summed by labels, or of all. */
export function sumRate(metric, by = [], matchers = [], over = STEP) {
  return `${sumBy(by)}(rate(${metric}${selector(...matchers)}${over}))`
}

/** The quantile of a histogram, from native histograms, or else from buckets. */
export function quantile(q, metric, by = [], matchers = [], over = STEP) {
  const native = sumRate(metric, by, matchers, over)
  const classic = sumRate(`${metric}_bucket`, [...by, 'le'], matchers, over)
  return `histogram_quantile(${q}, ${native}) or histogram_quantile(${q}, ${classic})`
}

/** The same without the times at which there was nothing to measure. */
export function knownQuantile(...parameters) {
  return `(${quantile(...parameters)}) >= 0`
}

/** What a histogram's values add up to in each second. */
export function sumOfValues(metric, by = [], matchers = [], over = STEP) {
  const native = sumRate(metric, by, matchers, over)
  return `(histogram_sum(${native}) or ${sumRate(`${metric}_sum`, by, matchers, over)})`
}

/** How many values there are of each size: native histograms, or buckets where there are none. */
export function distribution(metric, matchers = []) {
  const native = sumRate(metric, [], matchers)
  const classic = sumRate(`${metric}_bucket`, ['le'], matchers)
  return `${native} or (${classic} unless on () ${native})`
}

/** The ten series that `rank` gives the most to, the same ten over all that is shown. */
export function top(by, expr, rank) {
  return `(${expr}) and on (${by.join(', ')}) topk(10, ${rank})`
}

/**
 * How many more there are than `span` ago, as whole numbers. Unlike increase() it counts the first
 * of a kind, whose series wasn't there before. What was counted before the first scrape isn't news.
 */
export function grown(metric, by, span, ...matchers) {
  const all = sumBy([...new Set(['app', ...by])])
  const series = `${metric}${selector(...matchers)}`
  const now = `${all}(${series})`
  const before = `${all}(${series} offset ${span})`
  const wasWithout = `${now} * 0 and on (app) l2met_series${selector()} offset ${span}`
  const atFirst = `${all}(min_over_time(${series}[${span}]))`
  return `${sumBy(by)}(clamp_min(${now} - (${before} or ${wasWithout} or ${atFirst}), 0))`
}

/** Share of the requests that failed; nothing where there was no request. */
export function failedRequestsShare(by = []) {
  const all = sumRate('heroku_router_requests_total', by)
  const none = by.length === 0 ? 'vector(0)' : `${all} * 0`
  return `(${sumRate('heroku_router_failed_total', by)} or ${none}) / (${all} > 0)`
}

/** Share of the requests that were answered with a 5xx; nothing where there was no request. */
export function failedShare(metric, failed, by = [], matchers = [], over = STEP) {
  const all = sumRate(metric, by, matchers, over)
  const none = by.length === 0 ? 'vector(0)' : `${all} * 0`
  return `(${sumRate(metric, by, [...matchers, failed], over)} or ${none}) / (${all} > 0)`
}

/** Memory of each dyno as a share of its quota. */
export function memoryShare(...matchers) {
  const labels = selector(...matchers)
  const share = `heroku_dyno_memory_total_bytes${labels} / heroku_dyno_memory_quota_bytes${labels}`
  return `max by (app, dyno) (${share})`
}

function sumBy(labels) {
  return labels.length === 0 ? 'sum' : `sum by (${labels.join(', ')}) `
}
