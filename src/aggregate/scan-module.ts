import { readFileSync } from 'node:fs'
import { SEGMENT_CLASSES } from '../extract/segment.ts'
import { BOUNDS, FIRST_BOUNDS } from '../model/buckets.ts'

/** What src/scan exports: AssemblyScript that counts lines of the usual shapes in its own memory. */
export interface ScanExports {
  readonly memory: WebAssembly.Memory
  readonly STATE: WebAssembly.Global
  readonly BOUNDS: WebAssembly.Global
  readonly FIRST_BOUND: WebAssembly.Global
  readonly SEGMENT_CLASSES: WebAssembly.Global
  readonly SECONDS: WebAssembly.Global
  readonly SEEN: WebAssembly.Global
  readonly MATCHES: WebAssembly.Global
  readonly OUT: WebAssembly.Global
  readonly FOLDS: WebAssembly.Global
  readonly PINS: WebAssembly.Global
  readonly PINS_SIZE: WebAssembly.Global
  readonly STEP_BUCKETS: WebAssembly.Global
  readonly INPUT: WebAssembly.Global
  readonly INPUT_SIZE: WebAssembly.Global
  setSeed(high: number, low: number): void
  prepareMillis(): void
  setApp(
    number: number,
    isFull: number,
    closed: number,
    pins: number,
    streams: number,
    untilLearned: number,
  ): void
  leftUntilLearned(): number
  setFolds(hasFolds: number): void
  setWindow(start: number, end: number): void
  setTime(time: number): void
  setClean(isClean: number): void
  scanText(from: number, to: number): number
  scanBody(from: number, to: number): number
  takeResults(): void
  takeCounts(): void
  takeStep(): void
  forgetStep(): void
  linesCounted(): number
  drainCells(): number
  takeSeen(): number
  createCell(series: number, kind: number, folded: number): number
  dropCells(): void
  forgetAll(): void
  learnProc(role: number): number
  learnDyno(length: number): number
  learnPath(length: number): number
  learnFold(length: number, kinds: number): number
  learnWord(length: number): number
  learnRequest(
    requests: number,
    services: number,
    connects: number,
    sizes: number,
    routeRequests: number,
    routeServices: number,
    routeFailed: number,
    errors: number,
    dynoErrors: number,
    routeErrors: number,
    sessions: number,
  ): number
  learnKey(i: number, kind: number): number
  learnValue(i: number, cell: number, kind: number, divides: number, factor: number): number
}

/** The module's functions and views of the parts of its memory that are read and written here. */
export interface ScanModule {
  readonly exports: ScanExports
  readonly input: Buffer
  /** Of the input, in the module's memory: what it says of places is relative to its memory. */
  readonly inputAt: number
  readonly state: Float64Array
  readonly seconds: Float64Array
  readonly seen: Float64Array
  readonly out: Float64Array
  /** The same place as `out`, for texts to be learnt. */
  readonly text: Uint8Array
  /** A bit for each position of an app whose words fold. */
  readonly folds: Uint32Array
  readonly pins: DataView
  readonly pinsAt: number
  readonly stepBuckets: Uint32Array
  readonly found: Uint32Array
}

export const FOLD_WORDS = 32

function at(place: WebAssembly.Global): number {
  return place.value as number
}

const WASM = new URL('../scan/scan.wasm', import.meta.url)

/** Loads src/scan; throws where it wasn't built or can't run. */
export function loadScanModule(): ScanModule {
  const module = new WebAssembly.Module(readFileSync(WASM))
  const exports = new WebAssembly.Instance(module).exports as unknown as ScanExports
  const { buffer } = exports.memory
  new Float64Array(buffer, at(exports.BOUNDS), BOUNDS.length).set(BOUNDS)
  new Uint8Array(buffer, at(exports.FIRST_BOUND), FIRST_BOUNDS.length).set(FIRST_BOUNDS)
  new Uint8Array(buffer, at(exports.SEGMENT_CLASSES), 256).set(SEGMENT_CLASSES)
  // Whom nobody tells what Math.random gave can't know it; node:crypto takes long to load.
  exports.setSeed(Math.random() * 2 ** 32, Math.random() * 2 ** 32)
  exports.prepareMillis()
  return {
    exports,
    input: Buffer.from(buffer, at(exports.INPUT), at(exports.INPUT_SIZE)),
    inputAt: at(exports.INPUT),
    state: new Float64Array(buffer, at(exports.STATE), 32),
    seconds: new Float64Array(buffer, at(exports.SECONDS), 4096 * 2),
    seen: new Float64Array(buffer, at(exports.SEEN), 4096 * 2),
    out: new Float64Array(buffer, at(exports.OUT), 65_536),
    text: new Uint8Array(buffer, at(exports.OUT), 65_536 * 8),
    folds: new Uint32Array(buffer, at(exports.FOLDS), FOLD_WORDS),
    pins: new DataView(buffer, at(exports.PINS), at(exports.PINS_SIZE)),
    pinsAt: at(exports.PINS),
    stepBuckets: new Uint32Array(buffer, at(exports.STEP_BUCKETS), 2048),
    found: new Uint32Array(buffer, at(exports.MATCHES), 2048),
  }
}
