import { setFlagsFromString } from 'node:v8'
import { runInThisContext } from 'node:vm'
import { expect, test } from 'vitest'
import { createRedisClient } from '../../../src/store/redis/client.ts'

test('methods of strings are fast after the import of ioredis', () => {
  const client = createRedisClient({ urls: ['redis://127.0.0.1:1'], trustSelfSigned: false })
  client.on('error', () => {})
  client.disconnect()
  setFlagsFromString('--allow-natives-syntax')
  expect(runInThisContext('%HasFastProperties(String.prototype)')).toBe(true)
})
