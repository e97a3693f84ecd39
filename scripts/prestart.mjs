// Before `npm start`: builds where the compilers are, and needs nothing but `dist` where they aren't
// (a Heroku slug, an image, the npm package).
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const COMPILERS = ['typescript', 'assemblyscript', 'rolldown']

process.chdir(new URL('..', import.meta.url).pathname)

if (existsSync('src') && COMPILERS.every((name) => existsSync(`node_modules/${name}`))) {
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' })
  process.exitCode = status ?? 1
} else if (!existsSync('dist/bin/serve.js')) {
  console.error(`l2met is not built, and the compilers are not installed. Build it once with

  npm ci --include=dev && npm run build

and start it again. Afterwards \`npm prune --omit=dev\` removes the compilers.`)
  process.exitCode = 1
}
