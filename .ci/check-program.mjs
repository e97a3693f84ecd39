// Runs the built program with the Node that runs this file: a log through l2met-local, a request
// through the server. Says what it ran.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createFormat, takeBody } from '../dist/demo/format.js'
import { createTraffic } from '../dist/demo/traffic.js'

const LINES = 500

const next = createTraffic({
  seed: 1,
  start: Date.now(),
  requestsPerSecond: 100,
  storySeconds: 60,
})
const format = createFormat()
const entries = Array.from({ length: LINES }, next)

checkLocal()
await checkServer()

function checkLocal() {
  const input = entries.map((entry) => format.text(entry)).join('\n')
  const args = ['dist/bin/local.js', '--json', '-']
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { input, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  const { lines, requests } = JSON.parse(stdout)
  assert.equal(lines.read, LINES)
  assert.equal(lines.malformed, 0)
  assert.equal(requests.count, lines.router)
  say(`l2met-local --json: ${lines.read} lines, ${requests.count} requests`)
}

async function checkServer() {
  const port = await freePort()
  const server = spawn(process.execPath, ['dist/bin/serve.js'], {
    env: { PATH: process.env.PATH, PORT: String(port), LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const exited = once(server, 'exit')
  const origin = `http://127.0.0.1:${port}`
  try {
    await healthy(origin, server)
    const { bytes, lines } = takeBody(
      entries.map((entry) => ({ entry, frame: format.frame(entry) })),
    )
    const posted = await fetch(`${origin}/logs?app=shop`, {
      method: 'POST',
      headers: {
        'content-type': 'application/logplex-1',
        'logplex-msg-count': String(lines.length),
      },
      body: bytes,
    })
    assert.equal(posted.status, 204)
    const metrics = await (await fetch(`${origin}/metrics`)).text()
    const counted = [...metrics.matchAll(/^l2met_lines_total\{.*\} (\d+)$/gm)]
    const sum = counted.reduce((total, [, count]) => total + Number(count), 0)
    assert.equal(sum, lines.length)
    say(`l2met: POST /logs 204, GET /healthz 200, /metrics counts its ${sum} lines`)
  } finally {
    server.kill('SIGTERM')
  }
  const [code] = await exited
  assert.equal(code, 0)
}

async function healthy(origin, server) {
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    assert.equal(server.exitCode, null, 'the server has ended')
    const answer = await fetch(`${origin}/healthz`).catch(() => undefined)
    if (answer?.status === 200) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('/healthz did not answer 200 within 20 s')
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  return port
}

function say(text) {
  console.log(`node ${process.version}  ${text}`)
}
