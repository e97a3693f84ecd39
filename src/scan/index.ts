export {
  BOUNDS,
  FIRST_BOUND,
  FOLDS,
  MATCHES,
  INPUT,
  INPUT_SIZE,
  OUT,
  PINS,
  PINS_SIZE,
  SECONDS,
  SEEN,
  SEGMENT_CLASSES,
  STATE,
  STEP_BUCKETS,
} from './memory'
export { prepareMillis } from './buckets'
export { createCell, drainCells, dropCells } from './cells'
export { forgetAll, setSeed } from './memo'
export { learnKey, learnValue } from './matches'
export { leftUntilLearned, learnRequest } from './router'
export { setFolds } from './folds'
export { linesCounted, takeCounts, takeResults } from './counts'
export { learnDyno, learnFold, learnPath, learnWord, setApp } from './app'
export { learnProc, scanBody, scanText, setClean, setWindow } from './lines'
export { forgetStep, takeStep } from './step'
export { setTime } from './time'
export { takeSeen } from './seen'
