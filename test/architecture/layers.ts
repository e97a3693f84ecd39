/** A folder of src and what it may import. */
export interface Layer {
  readonly folder: string
  /** One line for docs/ARCHITECTURE.md. */
  readonly role: string
  /** Layers on the same floor don't import each other, unless it is said here. */
  readonly floor: number
  /** Imports nothing but itself, and nobody imports it. */
  readonly isAlone?: true
}

/** From the top floor down: a file imports files of its own folder and of lower floors. */
export const LAYERS: readonly Layer[] = [
  {
    folder: 'bin',
    floor: 13,
    role: 'entry points: `l2met`, `l2met-local` and its worker, the demo',
  },
  {
    folder: 'server',
    floor: 12,
    role: 'the server: composition root (`app.ts`), configuration (`config.ts`), processes, HTTP routes that read (`api/`)',
  },
  {
    folder: 'cli',
    floor: 12,
    role: 'l2met-local: arguments, threads, board and report; `render/` draws text',
  },
  {
    folder: 'report',
    floor: 11,
    role: 'queries over windows: the report object, chart series, the HTML report',
  },
  {
    folder: 'export',
    floor: 10,
    role: 'exposition: `prometheus/` (text, OpenMetrics, protobuf) and `otlp/`',
  },
  {
    folder: 'ingest',
    floor: 9,
    role: 'delivery: intake, committers, commit queue, batches, spill',
  },
  {
    folder: 'store',
    floor: 8,
    role: '`store.ts` is the port; `memory/`, `disk/` and `redis/` implement it; `keyed/` compacts, rolls up and reads packed values',
  },
  {
    folder: 'codec',
    floor: 7,
    role: 'the stored format: bytes, numbers, keys, cells, windows, hours',
  },
  {
    folder: 'aggregate',
    floor: 6,
    role: 'measurements to windows: a drain body, a line of text; `scanner/` drives the WebAssembly scanner',
  },
  { folder: 'extract', floor: 5, role: 'a line to measurements, one file per dialect' },
  { folder: 'parse', floor: 4, role: 'text to values: pairs, quantities, interned names' },
  {
    folder: 'frame',
    floor: 3,
    role: 'bytes to lines: octet counting (RFC 6587), syslog headers, log text',
  },
  { folder: 'receive', floor: 2, role: 'HTTP in: server, drain route, credentials, limits' },
  { folder: 'input', floor: 2, role: 'files and pipes in' },
  {
    folder: 'model',
    floor: 1,
    role: 'the nouns: line, series, sketch, window. No I/O, no imports',
  },
  {
    folder: 'demo',
    floor: 0,
    isAlone: true,
    role: 'a modelled Heroku app that checks the pipeline, so it shares no code with it',
  },
  {
    folder: 'page',
    floor: 0,
    isAlone: true,
    role: 'the charts page: plain ES modules, no build step',
  },
  {
    folder: 'scan',
    floor: 0,
    isAlone: true,
    role: 'AssemblyScript: counts usual lines in memory of its own',
  },
]
