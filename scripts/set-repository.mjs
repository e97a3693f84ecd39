// `npm run set-repository -- https://github.com/ACME/l2met` names the public home of this project,
// which package.json, app.json and the docs link to. Until then it is OWNER's.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'

process.chdir(new URL('..', import.meta.url).pathname)

const [home] = process.argv.slice(2)
const path = /^https:\/\/github\.com\/([\w.-]+\/[\w.-]+?)(?:\.git)?\/?$/.exec(home ?? '')?.[1]
if (path === undefined) {
  console.error('usage: npm run set-repository -- https://github.com/OWNER/NAME')
  process.exit(2)
}

const { repository } = JSON.parse(readFileSync('package.json', 'utf8'))
const old = /github\.com\/([\w.-]+\/[\w.-]+?)\.git$/.exec(repository.url)[1]
const docs = readdirSync('docs').filter((name) => name.endsWith('.md'))
const files = [
  'package.json',
  'app.json',
  'README.md',
  'SECURITY.md',
  ...docs.map((d) => `docs/${d}`),
]
for (const file of files) {
  const text = readFileSync(file, 'utf8')
  const changed = ['github.com', 'raw.githubusercontent.com'].reduce(
    (now, host) => now.replaceAll(`${host}/${old}`, `${host}/${path}`),
    text,
  )
  if (changed === text) continue
  writeFileSync(file, changed)
  console.log(`changed ${file}`)
}
