import type { Store } from '../../store/store.ts'
import { WIDTH_1M, WIDTH_10S } from '../../model/window-reader.ts'
import { createGrid } from '../../report/series-grid.ts'
import type { SeriesQuery } from './series-query.ts'
import { readSeries } from './series.ts'

/** What a live stream shows. */
export interface LiveTopic {
  readonly app: string
  readonly names: readonly string[]
  /** Milliseconds. */
  readonly step: number
}

/** One event of a stream. `id` is where a client that has it goes on, ms since 1970. */
export interface LiveEvent {
  readonly event: 'series' | 'reset' | 'trouble'
  readonly id: number | undefined
  /** JSON. */
  readonly data: string
}

/** Looks at what is watched every `pollMs`, once for all who watch the same. */
export interface LiveFeed {
  /** Calls back when something has changed since `seen`; returns what ends that. */
  readonly watch: (
    topic: LiveTopic,
    seen: LiveEvent,
    onEvent: (event: LiveEvent) => void,
  ) => () => void
  readonly stop: () => void
}

interface Channel {
  readonly topic: LiveTopic
  readonly watchers: Set<(event: LiveEvent) => void>
  timer: NodeJS.Timeout | undefined
  last: string
}

export function createLiveFeed(options: {
  readonly store: Store
  readonly pollMs: number
  /** Is told why the store can't be read, once for all who watch the same. */
  readonly onFault: (error: unknown) => void
}): LiveFeed {
  const { store, pollMs, onFault } = options
  const channels = new Map<string, Channel>()

  const look = async (channel: Channel): Promise<void> => {
    let fault: unknown
    const event = await readEvent(store, channel.topic, undefined).catch((error: unknown) => {
      fault = error
      return troubleEvent()
    })
    if (channel.watchers.size === 0) return
    channel.timer = setTimeout(() => void look(channel), pollMs)
    if (sameness(event) === channel.last) return
    channel.last = sameness(event)
    if (event.event === 'trouble') onFault(fault)
    for (const watcher of channel.watchers) watcher(event)
  }

  return {
    watch: (topic, seen, onEvent) => {
      const key = JSON.stringify([topic.app, topic.step, topic.names])
      let channel = channels.get(key)
      if (channel === undefined) {
        channel = { topic, watchers: new Set(), timer: undefined, last: sameness(seen) }
        channels.set(key, channel)
      }
      const joined = channel
      joined.timer ??= setTimeout(() => void look(joined), pollMs)
      joined.watchers.add(onEvent)
      return () => {
        joined.watchers.delete(onEvent)
        if (joined.watchers.size > 0) return
        clearTimeout(joined.timer)
        if (channels.get(key) === joined) channels.delete(key)
      }
    },
    stop: () => {
      for (const channel of channels.values()) {
        channel.watchers.clear()
        clearTimeout(channel.timer)
      }
      channels.clear()
    },
  }
}

/**
 * The steps from `since` (ms) on; without it the step before this one and this one: a step is sent
 * again after its end, so that a client has its last word. Rejects as readSeries does.
 */
export async function readEvent(
  store: Store,
  topic: LiveTopic,
  since: number | undefined,
): Promise<LiveEvent> {
  const now = store.clock()
  const current = now - (now % topic.step)
  const before = current - topic.step
  const answer = await readSeries(store, queryOf(topic, Math.min(since ?? before, current), now))
  return { event: 'series', id: before, data: JSON.stringify(answer) }
}

/** That the store can't be read is for the client to show; why is for the log of whoever runs it. */
export function troubleEvent(): LiveEvent {
  return { event: 'trouble', id: undefined, data: '{"error":"the store can’t be read"}' }
}

function queryOf(topic: LiveTopic, from: number, now: number): SeriesQuery {
  return {
    app: topic.app,
    names: topic.names,
    grid: createGrid(from, now + 1, topic.step, now),
    cut: {},
    width: topic.step % WIDTH_1M === 0 ? WIDTH_1M : WIDTH_10S,
  }
}

/** The event without the time of its making. */
function sameness({ event, data }: LiveEvent): string {
  return event + data.replace(/"now":"[^"]*"/, '')
}
