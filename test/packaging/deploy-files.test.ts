import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

const ROOT = join(import.meta.dirname, '../..')

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

test('the image, compose and the unit keep everything where it outlives the process', () => {
  const image = /DATA_DIR=(\S+)/.exec(read('Dockerfile'))?.[1]
  expect(image).toBe('/data')
  expect(read('Dockerfile')).toContain(`VOLUME ${image}\n`)
  const { services, volumes } = parse(read('compose.yaml')) as {
    services: Record<string, { environment?: Record<string, string>; volumes?: string[] }>
    volumes: Record<string, unknown>
  }
  const { environment, volumes: mounts } = services['l2met']!
  expect(environment).toMatchObject({
    DATA_DIR: `\${DATA_DIR-${image}}`,
    REDIS_URL: '${REDIS_URL-}',
  })
  expect(mounts).toEqual([`l2met:${image}`])
  expect(Object.keys(volumes)).toContain('l2met')
  const unit = read('examples/systemd/l2met.service')
  const state = /^StateDirectory=(.*)$/m.exec(unit)?.[1]
  expect(unit).toContain(`\nEnvironment=DATA_DIR=%S/${state}\n`)
})
