export { factsByHand, type Job, type JobFacts, job } from './job.ts'
export { type JobState, jobStates, openQueue, type Queue, type QueuedJob, type QueueFigures, type QueueFilter } from './queue.ts'
export { type JobEnd, startWorker, type Worker } from './worker.ts'
