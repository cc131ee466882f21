import { Counter, Histogram } from 'prom-client'

export const jobOutcomes = new Counter({
  name: 'movieverse_jobs_total',
  help: 'Attempts at jobs, by outcome: done, failed (to be tried again), dead',
  labelNames: ['queue', 'outcome'],
})

export const jobDuration = new Histogram({
  name: 'movieverse_job_duration_seconds',
  help: 'Time of an attempt at a job',
  labelNames: ['queue'],
  buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300, 1200],
})
