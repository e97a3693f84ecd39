import { make } from './dom.js'

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
  return make('section.welcome', { 'aria-label': 'Unknown app' }, [
    make('h2', { text: `No line has come from “${app}”` }),
    make('p', { text: apps.length === 0 ? 'There are no other apps.' : 'These are here:' }),
    make(
      'p',
      {},
      apps.map((one) =>
        make('button', { type: 'button', text: one.app, onclick: () => onPick(one.app) }),
      ),
    ),
  ])
}
