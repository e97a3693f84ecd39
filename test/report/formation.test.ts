import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { adviseFormation } from '../../src/report/formation/advice.ts'
import { DYNO_TYPES, parseDynoTypes, parseSize } from '../../src/report/formation/dyno-types.ts'

const MB = 2 ** 20
const GB = 2 ** 30

/** The four types that the seed talk compares. */
const TALK = [
  { name: 'Standard-1X', ram: 512 * MB, price: 25 },
  { name: 'Standard-2X', ram: GB, price: 50 },
  { name: 'Performance-M', ram: 2.5 * GB, price: 250 },
  { name: 'Performance-L', ram: 14 * GB, price: 500 },
]

describe('the tables of the talk, to the cent', () => {
  test('processes of 120 MB, 20 of them', () => {
    const { types, best } = adviseFormation({ ram: 120 * MB, processes: 20 }, TALK)
    expect(types.map(({ perDyno }) => perDyno)).toEqual([4, 8, 21, 119])
    expect(types.map(({ dynos }) => dynos)).toEqual([5, 3, 1, 1])
    expect(types.map(({ total }) => total)).toEqual([125, 150, 250, 500])
    expect(types.map(({ costPerProcess }) => costPerProcess)).toEqual([6.25, 7.5, 12.5, 25])
    expect(best).toBe('Standard-1X')
  })

  test('processes of 450 MB, 60 of them', () => {
    const { types, best } = adviseFormation({ ram: 450 * MB, processes: 60 }, TALK)
    expect(types.map(({ perDyno }) => perDyno)).toEqual([1, 2, 5, 31])
    expect(types.map(({ dynos }) => dynos)).toEqual([60, 30, 12, 2])
    expect(types.map(({ total }) => total)).toEqual([1500, 1500, 3000, 1000])
    expect(types.map(({ costPerProcess }) => costPerProcess)).toEqual([25, 25, 50, 16.67])
    expect(best).toBe('Performance-L')
  })
})

describe('advice', () => {
  test('Basic qualifies for one dyno only, and Eco is never best', () => {
    const one = adviseFormation({ ram: 200 * MB, processes: 2 }, DYNO_TYPES)
    expect(one.best).toBe('Basic')
    expect(one.types.find(({ type }) => type === 'Eco')).toMatchObject({ unfit: 'it sleeps' })
    const two = adviseFormation({ ram: 200 * MB, processes: 3 }, DYNO_TYPES)
    expect(two.best).toBe('Standard-1X')
    expect(two.types.find(({ type }) => type === 'Basic')).toMatchObject({ dynos: 2, total: null })
  })

  test('says so when no type holds a process', () => {
    const { types, best } = adviseFormation({ ram: GB * 1000, processes: 1 }, DYNO_TYPES)
    expect(best).toBeNull()
    expect(new Set(types.map(({ unfit }) => unfit))).toEqual(new Set(['a process does not fit']))
  })

  test('what it advises holds the processes, and nothing that qualifies is cheaper', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 * 1024 }),
        fc.integer({ min: 1, max: 5000 }),
        (ram, processes) => {
          const { types, best } = adviseFormation({ ram: ram * MB, processes }, DYNO_TYPES)
          for (const row of types) {
            if (row.dynos === null) continue
            expect(row.dynos * row.perDyno).toBeGreaterThanOrEqual(processes)
            expect((row.dynos - 1) * row.perDyno).toBeLessThan(processes)
            expect(row.perDyno * ram * MB).toBeLessThanOrEqual(row.ram)
          }
          const totals = types.filter(({ unfit }) => unfit === null).map(({ total }) => total!)
          const chosen = types.find(({ type }) => type === best)
          expect(chosen?.total ?? null).toBe(totals.length === 0 ? null : Math.min(...totals))
        },
      ),
    )
  })
})

describe('sizes and price lists', () => {
  test.each([
    ['120MB', 120 * MB],
    ['120 mb', 120 * MB],
    ['2.5GB', 2.5 * GB],
    ['1GiB', GB],
    ['512M', 512 * MB],
  ])('%s', (text, bytes) => expect(parseSize(text)).toBe(bytes))

  test.each(['', '120', 'MB', '0MB', '-1MB', '1e3MB', '120constructor', '1PB'])(
    '%j is no size',
    (text) => expect(parseSize(text)).toBeUndefined(),
  )

  test.each([
    ['{', 'is not JSON'],
    ['[]', 'needs an array'],
    ['{"name":"a"}', 'needs an array'],
    ['[null]', 'entry 1 has no name'],
    ['[{"name":"A","ram":512,"price":1}]', 'entry 1 (A): ram is a text'],
    ['[{"name":"A","ram":"512MB","price":"25"}]', 'entry 1 (A): price is a number'],
  ])('%j is refused', (text, reason) => expect(() => parseDynoTypes(text)).toThrow(reason))
})
