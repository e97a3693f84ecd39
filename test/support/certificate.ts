import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { findProgram } from './programs.ts'

/** What makes certificates; undefined where it isn't installed. */
export const { path: openssl } = findProgram('openssl')

/** Makes a certificate of its own for `localhost` and its key in `folder`; gives the files. */
export function makeCertificate(
  folder: string,
  name: string,
): { readonly cert: string; readonly key: string } {
  const args = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=${name} -addext subjectAltName=DNS:localhost`
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)]
  execFileSync(openssl!, [...args.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' })
  return { cert, key }
}
