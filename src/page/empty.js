import { make } from './dom.js'
import { RANGES } from './state/ranges.js'

/** What to do when there is nothing to show: the commands that change that. */
export function makeWelcome() {
  const { host, hostname, protocol } = location
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  const demo =
    host === '127.0.0.1:8080' ? 'npm run demo' : `npm run demo -- ${protocol}//${host}/logs`
  const drain = `heroku drains:add "https://APP:TOKEN@${isLocal ? 'HOST' : host}/logs" -a APP`
  return make('section.welcome', { 'aria-label': 'How to begin' }, [
    make('h2', { text: 'No lines have come yet' }),
    ...(isLocal
      ? [
          makeText(
            'In the folder of l2met, this plays a Heroku app into this server for half a minute:',
          ),
          makeCommand(demo),
          makeText(
            'For an app of yours, run the server where Heroku can reach it and add a drain:',
          ),
        ]
      : [makeText('This adds a drain to your app on Heroku:')]),
    makeCommand(drain),
    make('p', {}, [
      make('a', { href: 'welcome', text: 'The same with name and token filled in' }),
      ' · this page looks again every few seconds.',
    ]),
  ])
}

function makeText(text) {
  return make('p', { text })
}

function makeCommand(text) {
  return make('pre', {}, [make('code', { text })])
}

/** For an app in the address that no line came from. */
export function makeUnknownApp(app, apps, onPick) {
  return makeApps('Unknown app', `No line has come from “${app}”`, apps, onPick)
}

/** For an app that was shown, and that the server doesn't know any more. */
export function makeVanished(app, apps, onPick) {
  return makeApps(
    'App without lines',
    `The server has no line of “${app}” any more`,
    apps,
    onPick,
    'It was restarted without its data, or the app was removed. The next line of the app brings it back.',
  )
}

function makeApps(label, title, apps, onPick, why = '') {
  const others = apps.length === 0 ? 'There are no other apps.' : 'These are here:'
  return makeSection(label, title, [
    ...(why === '' ? [] : [makeText(why)]),
    makeText(others),
    make(
      'p',
      {},
      apps.map((one) => makeButton(one.app, () => onPick({ app: one.app, focus: {} }))),
    ),
  ])
}

/** For an address of which something isn't understood. */
export function makeBadAddress(problems, onPick) {
  const shown = makeButton(`Show the last ${RANGES[0].title}`, () => onPick(PLAIN))
  return makeSection('Address not understood', 'This address can’t be shown', [
    make(
      'ul',
      {},
      problems.map((text) => make('li', { text })),
    ),
    make('p', {}, [shown]),
  ])
}

/** For a span of which nothing is kept, or that is yet to come. */
export function makeBadSpan(problem, onPick) {
  return makeSection('No data', 'There is nothing to show for this time', [
    makeText(problem),
    make('p', {}, [
      makeButton(`Show the last ${RANGES[0].title}`, () =>
        onPick({ range: RANGES[0], isLive: true }),
      ),
    ]),
  ])
}

const PLAIN = { range: RANGES[0], isLive: true, focus: {}, find: '', compare: '' }

function makeSection(label, title, children) {
  return make('section.welcome', { 'aria-label': label }, [
    make('h2', { text: title }),
    ...children,
  ])
}

function makeButton(text, onclick) {
  return make('button', { type: 'button', text, onclick })
}
