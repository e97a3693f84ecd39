// `npm run release -- 1.2.3`: gives the changes under Unreleased that version and today's date, and
// commits and tags them. The workflow of the tag runs the gate and publishes to npm, with provenance.
//
//   --check v1.2.3   exit code 1 unless package.json and the changelog are of that version
//   --notes v1.2.3   prints the changes of that version
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

const VERSION = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/
const EMPTY = '## [Unreleased]\n'

const args = process.argv.slice(2)
const verb = args[0]?.startsWith('--') ? args[0].slice(2) : 'release'
const version = args.at(-1)?.replace(/^v/, '') ?? ''
if (!VERSION.test(version)) fail(`usage: npm run release -- VERSION, like 1.2.3, not "${version}"`)

if (verb === 'check') check()
else if (verb === 'notes') console.log(notesOf(version) ?? fail(`CHANGELOG.md has no ${version}`))
else release()

function check() {
  const { version: packed } = JSON.parse(readFileSync('package.json', 'utf8'))
  if (packed !== version) fail(`package.json is of ${packed}, not of ${version}`)
  if (notesOf(version) === undefined) fail(`CHANGELOG.md has no ${version}`)
}

function release() {
  if (git('status', '--porcelain') !== '') fail('commit your changes first: git status shows some')
  if (git('tag', '--list', `v${version}`) !== '') fail(`there is a tag v${version} already`)
  if (!notesOf('Unreleased')) fail('CHANGELOG.md has nothing under Unreleased to release')
  const changes = readFileSync('CHANGELOG.md', 'utf8')
  const today = new Date().toISOString().slice(0, 10)
  writeFileSync('CHANGELOG.md', changes.replace(EMPTY, `${EMPTY}\n## [${version}] - ${today}\n`))
  execFileSync('npm', ['version', version, '--no-git-tag-version', '--allow-same-version'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  git('commit', '--all', '--message', `Release ${version}`)
  git('tag', '--annotate', `v${version}`, '--message', `l2met ${version}`)
  console.log(`Committed and tagged v${version}. Publish it with:\n\n  git push --follow-tags`)
}

/** The text below a heading of the changelog; undefined without that heading. */
function notesOf(name) {
  const sections = readFileSync('CHANGELOG.md', 'utf8').split(/^## /m).slice(1)
  const section = sections.find((text) => text.startsWith(`[${name}]`))
  return section?.slice(section.indexOf('\n') + 1).trim()
}

function git(...words) {
  return execFileSync('git', words, { encoding: 'utf8' }).trim()
}

function fail(text) {
  console.error(text)
  process.exit(1)
}
