import { isMainThread } from 'node:worker_threads'

// For `node --import`: at its end a program writes the most memory that it had, in KiB, to stderr.
if (isMainThread) process.on('exit', () => console.error(process.resourceUsage().maxRSS))
