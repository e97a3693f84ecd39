import { setFlagsFromString } from 'node:v8'
import { runInThisContext } from 'node:vm'
import { expect, test } from 'vitest'

test('methods of strings are fast after the import of ioredis', async () => {
  await import('../../src/store/redis-client.ts')
  setFlagsFromString('--allow-natives-syntax')
  expect(runInThisContext('%HasFastProperties(String.prototype)')).toBe(true)
})
