// Writes the Grafana dashboards: `node dashboards/generate.mjs [FOLDER]`.
import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { addons } from './source/addons.mjs'
import { dynos } from './source/dynos.mjs'
import { itself } from './source/itself.mjs'
import { overview } from './source/overview.mjs'
import { routes } from './source/routes.mjs'

const HERE = import.meta.dirname
const folder = process.argv[2] ?? HERE

const files = [overview, routes, dynos, addons, itself].map((dashboard) => {
  const file = join(folder, `${dashboard.uid}.json`)
  writeFileSync(file, JSON.stringify(dashboard, null, 2))
  return file
})
const oxfmt = join(HERE, '../node_modules/.bin/oxfmt')
if (existsSync(oxfmt))
  execFileSync(oxfmt, ['-c', join(HERE, '../.oxfmtrc.json'), ...files], { stdio: 'ignore' })
