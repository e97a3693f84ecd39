import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'l2met-release-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  copyFileSync(join(ROOT, 'CHANGELOG.md'), join(folder, 'CHANGELOG.md'))
  writeFileSync(join(folder, 'package.json'), '{"name":"l2met","version":"0.1.0"}')
  git('init', '--quiet')
  git('config', 'user.email', 'dev@example.com')
  git('config', 'user.name', 'dev')
  git('add', '--all')
  git('commit', '--quiet', '--message', 'start')
})

function git(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('git', args, { cwd: folder, encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  return stdout
}

function release(...args: string[]) {
  const script = join(ROOT, 'scripts/release.mjs')
  return spawnSync(process.execPath, [script, ...args], { cwd: folder, encoding: 'utf8' })
}

test('moves the changes under the version, commits and tags', () => {
  const { status, stdout, stderr } = release('1.2.3')
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toContain('git push --follow-tags')
  expect(git('tag')).toBe('v1.2.3\n')
  expect(git('status', '--porcelain')).toBe('')
  expect(git('log', '-1', '--format=%s')).toBe('Release 1.2.3\n')
  const today = new Date().toISOString().slice(0, 10)
  const changes = readFileSync(join(folder, 'CHANGELOG.md'), 'utf8')
  expect(changes).toContain(`## [Unreleased]\n\n## [1.2.3] - ${today}\n\n### `)
  expect(release('--check', 'v1.2.3').status).toBe(0)
  expect(release('--notes', 'v1.2.3').stdout).toMatch(/^### Added\n\n- /)
  // Now there is nothing to release.
  expect(release('1.2.4')).toMatchObject({ status: 1, stdout: '' })
})

test('refuses what is no version, a tag that exists and changes that are not committed', () => {
  expect(release('next').stderr).toContain('usage: npm run release')
  git('tag', 'v1.0.0')
  expect(release('1.0.0').stderr).toContain('there is a tag v1.0.0 already')
  writeFileSync(join(folder, 'package.json'), '{"name":"l2met","version":"0.1.1"}')
  expect(release('1.0.1').stderr).toContain('commit your changes first')
})

test('a tag of another version than the package fails the workflow', () => {
  expect(release('--check', 'v9.9.9')).toMatchObject({ status: 1 })
})
