import { expect, test } from 'vitest'
import { createTarget } from '../support/scrape.ts'

test('more than 256 tag keys of an app keep their values apart, and no total is lost', async () => {
  const target = createTarget()
  const keys = Array.from({ length: 400 }, (_, i) => `k${i}`)
  for (let at = 0; at < keys.length; at += 50) {
    const lines = keys.slice(at, at + 50).map((key) => `count#hits=2 tag#${key}=v`)
    await target.send('shop', 'web.1', ...lines)
  }
  await target.send('shop', 'web.1', 'count#hits=5 tag#k0=v', 'count#hits=7 tag#k399=v')
  const samples = [...(await target.samples())].filter(([name]) =>
    name.startsWith('app_hits_total{'),
  )
  expect(samples.reduce((sum, [, value]) => sum + value, 0)).toBe(812)
  const of = (key: string) => samples.filter(([name]) => name.includes(`,${key}="v"`))
  expect(of('k0').map(([, value]) => value)).toEqual([7])
  expect(of('k255').map(([, value]) => value)).toEqual([2])
  expect(of('k256').map(([, value]) => value)).toEqual([2])
  expect(of('k399').map(([, value]) => value)).toEqual([9])
})

test('histograms of names and labels that are written alike are one, and add up', async () => {
  const target = createTarget()
  await target.send(
    'shop',
    'web.1',
    'measure#db.read=4ms tag#region=eu',
    'measure#db_read=8ms tag#region=eu',
    'measure#db.read=16ms tag#region=us',
  )
  const text = await target.text()
  const counts = [...text.matchAll(/^app_db_read_seconds_count\{(.*)\} (\d+)$/gm)]
  expect(counts.map(([, labels, n]) => [labels, n])).toEqual([
    ['app="shop",region="eu"', '2'],
    ['app="shop",region="us"', '1'],
  ])
  const eu = /^app_db_read_seconds_sum\{app="shop",region="eu"\} (.*)$/m.exec(text)
  expect(Number(eu![1])).toBeCloseTo(0.012, 9)
  expect(text.match(/^# TYPE app_db_read_seconds /gm)).toHaveLength(1)
})
