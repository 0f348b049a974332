// Spans by OpenTelemetry, sent by OTLP over HTTP, and only when a collector is configured: the SDK is loaded then and not before.
// Without one, `span` runs its function and costs nothing but the call.
import { type Attributes, SpanStatusCode, type Tracer } from '@opentelemetry/api'
import type { NodeTracerConfig } from '@opentelemetry/sdk-trace-node'
import { maskText } from './mask.ts'

type Resource = NonNullable<NodeTracerConfig['resource']>

export interface Tracing {
  /** Runs `fn` inside a span; a throw marks the span as failed and goes on. */
  span<T>(name: string, attributes: Attributes, fn: () => Promise<T>): Promise<T>
  /** Sends what is still waiting. */
  close(): Promise<void>
}

const untraced: Tracing = { span: (_name, _attributes, fn) => fn(), close: async () => {} }

/** `otlp` is the collector's base URL (`OTEL_EXPORTER_OTLP_ENDPOINT`); traces go to its `/v1/traces`. */
export async function openTracing(input: {
  readonly otlp?: string | undefined
  readonly service?: string
  readonly version?: string
}): Promise<Tracing> {
  if (!input.otlp) return untraced
  const { service = 'patchbay', version = '' } = input
  const [{ BatchSpanProcessor, NodeTracerProvider }, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ])
  const exporter = new OTLPTraceExporter({ url: `${input.otlp.replace(/\/$/, '')}/v1/traces` })
  const provider = new NodeTracerProvider({
    resource: resourceOf({ 'service.name': service, 'service.version': version }),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  })
  provider.register()
  const tracer = provider.getTracer(service, version)
  return { span: (name, attributes, fn) => traced(tracer, name, attributes, fn), close: () => provider.shutdown() }
}

/** What OpenTelemetry calls the resource: who sends these spans. */
function resourceOf(attributes: Attributes): Resource {
  const resource: Resource = {
    attributes,
    getRawAttributes: () => Object.entries(attributes),
    merge: (other) => resourceOf({ ...attributes, ...other?.attributes }),
  }
  return resource
}

function traced<T>(tracer: Tracer, name: string, attributes: Attributes, fn: () => Promise<T>): Promise<T> {
  return tracer.startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await fn()
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? maskText(error.message) : 'failed' })
      throw error
    } finally {
      span.end()
    }
  })
}
