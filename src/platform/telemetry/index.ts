// What the server tells about itself: log lines, metrics, traces. Nothing personal leaves by any of the three.
export { createLogger, type Log, type Logger, type LoggerOptions } from './logger.ts'
export { maskValue } from './mask.ts'
export { type FinishedRequest, type Metrics, openMetrics, type RouteFigures } from './metrics.ts'
export { childLog, openRequestLog, type RequestLog } from './request-log.ts'
export { openTracing, type Tracing } from './tracing.ts'
