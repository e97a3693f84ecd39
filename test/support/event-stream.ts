import { once } from 'node:events'
import { type IncomingMessage, get } from 'node:http'

/** One of the Server-Sent Events; `data` is what its JSON says. */
export interface StreamEvent {
  readonly event: string
  readonly id: string
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly data: any
}

/** A stream that was opened. */
export interface EventStream {
  readonly response: IncomingMessage
  /** The next event, when it comes; comments are passed over. */
  next(): Promise<StreamEvent>
  /** All that has come. */
  text(): string
  readonly closed: Promise<unknown>
  leave(): void
}

export async function openEvents(
  url: string,
  headers: Record<string, string> = {},
): Promise<EventStream> {
  const request = get(url, { headers, agent: false })
  request.on('error', () => {})
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  let text = ''
  let read = 0
  response.setEncoding('utf8')
  response.on('error', () => {})
  response.on('data', (chunk: string) => {
    text += chunk
  })
  return {
    response,
    next: async () => {
      for (;;) {
        const end = text.indexOf('\n\n', read)
        if (end < 0) await once(response, 'data')
        else {
          const block = text.slice(read, end)
          read = end + 2
          if (block.startsWith('event:')) return parseEvent(block)
        }
      }
    },
    text: () => text,
    closed: new Promise((done) => {
      response.once('close', done)
    }),
    leave: () => request.destroy(),
  }
}

function parseEvent(block: string): StreamEvent {
  const fields = block.split('\n').map((line) => {
    const colon = line.indexOf(': ')
    return [line.slice(0, colon), line.slice(colon + 2)]
  })
  const {
    event = '',
    id = '',
    data = 'null',
  } = Object.fromEntries(fields) as Record<string, string>
  return { event, id, data: JSON.parse(data) }
}
