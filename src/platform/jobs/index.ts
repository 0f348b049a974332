export { type Job, type JobFacts, job, startWorker, type Worker } from './worker.ts'
