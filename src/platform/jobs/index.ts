export { openQueue, type Queue, type QueuedJob, type QueueFigures } from './queue.ts'
export { type Job, type JobFacts, job, startWorker, type Worker } from './worker.ts'
