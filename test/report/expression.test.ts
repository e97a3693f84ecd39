import { describe, expect, test } from 'vitest'
import { ExpressionError, parseExpression } from '../../src/report/expression/expression.ts'

describe('an expression', () => {
  test.each([
    ['p95>500ms', { metric: 'p95', operator: '>', limit: 0.5, forMs: undefined, inMs: undefined }],
    ['error-rate > 1% for 5m', { metric: 'error-rate', limit: 0.01, forMs: 300_000 }],
    ['code=H12>10 in 5m', { metric: 'code', code: 'H12', limit: 10, inMs: 300_000 }],
    ['code=r14 >= 1', { metric: 'code', code: 'R14', operator: '>=', limit: 1 }],
    [
      'memory>90% of quota for 10m',
      { metric: 'memory', limit: 0.9, isShareOfQuota: true, forMs: 600_000 },
    ],
    ['dyno=web.1 memory>400MB', { dyno: 'web.1', limit: 400 * 2 ** 20, isShareOfQuota: false }],
    ['silent>5m', { metric: 'silent', limit: 300 }],
    ['coverage<99%', { metric: 'coverage', operator: '<', limit: 0.99 }],
    ['route=/checkout p95>1s', { route: '/checkout', metric: 'p95', limit: 1 }],
    ['route=/users/:id code=H13>0', { route: '/users/:id', code: 'H13', limit: 0 }],
    ['rps<=0.5/s in 1h', { metric: 'rps', operator: '<=', limit: 0.5, inMs: 3_600_000 }],
    ['queue-p95>100ms', { metric: 'queue-p95', limit: 0.1 }],
    ['  P99 >= .5s ', { metric: 'p99', limit: 0.5, text: 'P99 >= .5s' }],
  ])('%s', (text, parts) => expect(parseExpression(text)).toMatchObject(parts))

  test.each([
    ['', 0, 'a metric is expected'],
    ['p95', 3, 'one of > >= < <='],
    ['p95>', 4, 'a number is expected'],
    ['p95>500', 4, 'p95 takes a value like 500ms'],
    ['p95>5%', 4, 'p95 takes a value like 500ms'],
    ['p42>1s', 0, "no metric is called 'p42'"],
    ['constructor>1', 0, "no metric is called 'constructor'"],
    ['errors>1ms', 7, 'errors takes a value like 10'],
    ['error-rate>1', 11, 'error-rate takes a value like 1%'],
    ['memory>90%', 10, "'90% of quota'"],
    ['memory>1constructor', 7, '90% of quota or 400MB'],
    ['silent>5m for 5m', 10, 'silent has its time'],
    ['p95>1s for 30s', 7, 'whole minutes'],
    ['p95>1s for 7h', 7, 'whole minutes'],
    ['p95>1s maybe', 7, 'nothing more is expected'],
    ['route=/a dyno=web.1 p95>1s', 23, 'not both'],
    ['route=/a route=/b p95>1s', 9, 'twice'],
    ['route=/a memory>1MB', 15, 'not counted by route'],
    ['dyno=web.1 coverage<1%', 19, 'not counted by dyno'],
    ['code=X12>1', 0, 'no metric'],
  ])('%j is refused at %i', (text, at, reason) => {
    let error: unknown
    try {
      parseExpression(text)
    } catch (caught) {
      error = caught
    }
    expect(error).toBeInstanceOf(ExpressionError)
    expect(error).toMatchObject({ at, message: expect.stringContaining(reason) })
  })
})
