// `npm run dev`: compiles what changes and starts the server again.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, utimesSync, watch } from 'node:fs'

process.chdir(new URL('..', import.meta.url).pathname)

const { status } = spawnSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)

const SERVER = 'dist/bin/serve.js'
const children = [
  ['node_modules/.bin/tsc', '-p', 'tsconfig.build.json', '--watch', '--preserveWatchOutput'],
  [process.execPath, '--watch', '--watch-preserve-output', SERVER],
].map(([program, ...args]) => spawn(program, args, { stdio: 'inherit' }))

// The page is no module of the server, which therefore doesn't notice that it changed.
watch('src/page', { recursive: true }, () => {
  cpSync('src/page', 'dist/page', { recursive: true })
  utimesSync(SERVER, new Date(), new Date())
})

let isStopping = false
const stop = () => {
  if (isStopping) return
  isStopping = true
  for (const child of children) child.kill('SIGTERM')
  setTimeout(() => process.exit(), 5000).unref()
}
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, stop)
for (const child of children) child.on('exit', stop)
await Promise.all(children.map((child) => once(child, 'exit')))
process.exit()
