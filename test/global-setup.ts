import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { missingPackages } from './support/programs.ts'

const ROOT = join(import.meta.dirname, '..')
// By its folder: several checkouts may share their modules.
const BUILT = join(ROOT, `node_modules/.cache/l2met/built${ROOT.replaceAll(/\W/g, '-')}`)

const SOURCES = ['src', 'package.json', 'tsconfig.json', 'tsconfig.build.json']

/** Runs once before all tests: brings the programs that they run, and builds the program itself. */
export function setup(): void {
  installPrograms()
  build()
}

function installPrograms(): void {
  const packages = missingPackages()
  if (packages.length === 0) return
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    process.stderr.write(`Installing what the tests run: ${packages.join(' ')}\n`)
    spawnSync(join(ROOT, '.ci/install-programs'), packages, {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  }
  const still = missingPackages()
  if (still.length > 0) {
    process.stderr.write(
      `Tests that need these are skipped: ${still.join(' ')} (apt-get install ${still.join(' ')})\n`,
    )
  }
}

/** The end-to-end tests run what users run: `dist`, made from the sources as they are now. */
function build(): void {
  const newest = Math.max(...SOURCES.map((path) => newestChange(join(ROOT, path))))
  if (existsSync(join(ROOT, 'dist/bin')) && changeOf(BUILT) > newest) return
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'build'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  if (status !== 0) {
    process.stderr.write(`npm run build failed:\n${stdout}${stderr}`)
    if (process.env['CI'] === 'true') throw new Error('npm run build failed')
    return
  }
  mkdirSync(join(BUILT, '..'), { recursive: true })
  writeFileSync(BUILT, '')
}

function newestChange(path: string): number {
  if (!statSync(path).isDirectory()) return changeOf(path)
  const inside = readdirSync(path).map((name) => newestChange(join(path, name)))
  return Math.max(changeOf(path), ...inside)
}

function changeOf(path: string): number {
  return existsSync(path) ? statSync(path).mtimeMs : 0
}
