export {
  BOUNDS,
  FIRST_BOUND,
  FOUND,
  INPUT,
  INPUT_SIZE,
  OUT,
  SECONDS,
  SEEN,
  SEGMENT_CLASSES,
  STATE,
} from './memory'
export { prepareMillis } from './buckets'
export { createCell, drainCells, dropCells } from './cells'
export { forgetAll, setSeed } from './memo'
export { learnKey, learnValue } from './pairs'
export { learnRequest } from './router'
export { learnProc, linesCounted, scanBody, scanText, setApp, setWindow, takeCounts } from './lines'
export { setTime } from './time'
export { takeSeen } from './seen'
