import { readFileSync } from 'node:fs'
import { type RequestListener, createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { Redis } from 'ioredis'

// The least that a drain can do, for what the machine itself takes: bodies are read and thrown away,
// and with REDIS_URL each answer waits for a PING.
const { PORT, REDIS_URL, TLS_KEY_FILE, TLS_CERT_FILE } = process.env
const redis = REDIS_URL === undefined ? undefined : new Redis(REDIS_URL)

const listener: RequestListener = (request, response) => {
  const answer = () => response.writeHead(204, { 'content-length': '0' }).end()
  request.resume()
  request.on('end', () => (redis === undefined ? answer() : void redis.ping().then(answer)))
}

const server =
  TLS_KEY_FILE === undefined || TLS_CERT_FILE === undefined
    ? createServer(listener)
    : createTlsServer(
        { key: readFileSync(TLS_KEY_FILE), cert: readFileSync(TLS_CERT_FILE) },
        listener,
      )
server.listen(Number(PORT), '127.0.0.1')
