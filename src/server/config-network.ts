import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { Environment } from './config.ts'
import { listOf, messageOf, textOf } from './config-values.ts'

// The text is never shown: it holds the password.
export function readRedisUrls(env: Environment, faults: string[]): readonly string[] {
  const urls = listOf(env, 'REDIS_URL')
  if (!urls.every((url) => /^rediss?:\/\/[^/]/.test(url) && URL.canParse(url)))
    faults.push(
      'REDIS_URL: has to be redis://HOST:PORT or rediss://HOST:PORT, or several of them with commas between for Redis Cluster',
    )
  else if (!urls.every(hasReadableUser)) faults.push(`REDIS_URL: ${ENCODE_USER}`)
  return urls
}

// The text is never shown: it may hold a password.
export function readOtlpEndpoint(env: Environment, faults: string[]): string | undefined {
  const endpoint = textOf(env, 'OTLP_ENDPOINT')
  if (endpoint === undefined) return undefined
  if (!/^https?:\/\/[^/]/.test(endpoint) || !URL.canParse(endpoint))
    faults.push(
      'OTLP_ENDPOINT: has to be https://HOST/PATH or http://HOST:PORT, with USER:PASSWORD@ before the host where the receiver needs it',
    )
  else if (!hasReadableUser(endpoint)) faults.push(`OTLP_ENDPOINT: ${ENCODE_USER}`)
  return endpoint
}

const ENCODE_USER = 'a % in user or password has to be written as %25'

/** Whether user and password, which URLs have percent-encoded, can be decoded. */
export function hasReadableUser(url: string): boolean {
  const { username, password } = new URL(url)
  try {
    decodeURIComponent(username + password)
    return true
  } catch {
    return false
  }
}

export function readTls(
  env: Environment,
  faults: string[],
): { readonly certFile: string; readonly keyFile: string } | undefined {
  const certFile = textOf(env, 'TLS_CERT_FILE')
  const keyFile = textOf(env, 'TLS_KEY_FILE')
  if (certFile === undefined && keyFile === undefined) return undefined
  if (certFile === undefined || keyFile === undefined) {
    const names = ['TLS_CERT_FILE', 'TLS_KEY_FILE']
    const [missing, given] = certFile === undefined ? names : names.toReversed()
    faults.push(`${missing}: not set, but ${given} is; HTTPS needs both, plain HTTP neither`)
  }
  const cert = readPem('TLS_CERT_FILE', certFile, faults)
  const key = readPem('TLS_KEY_FILE', keyFile, faults)
  if (cert === undefined || key === undefined) return undefined
  try {
    createSecureContext({ cert, key })
  } catch (error) {
    faults.push(
      `TLS_CERT_FILE and TLS_KEY_FILE: have to hold a certificate and its key in PEM (${messageOf(error)})`,
    )
  }
  return { certFile: certFile!, keyFile: keyFile! }
}

function readPem(name: string, file: string | undefined, faults: string[]): Buffer | undefined {
  if (file === undefined) return undefined
  try {
    return readFileSync(file)
  } catch (error) {
    faults.push(
      `${name}: can't be read; set it to a file that this user may read (${messageOf(error)})`,
    )
    return undefined
  }
}
