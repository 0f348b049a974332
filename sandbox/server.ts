// The sandbox as one HTTP server: the vendors' paths, each behind its own credential, and the control API beside them. clamd, which
// speaks no HTTP, has a port of its own.
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startClamd } from './clamav/clamd.ts'
import { BadControl, controlRoutes } from './control.ts'
import { type Answer, type Asked, BodyTooLarge, createHttpServer, json } from './http.ts'
import { guardOpenAi, isOpenAiPath, OpenAiRefusal, openAiRefusal, openAiRoutes } from './openai/rest.ts'
import { refusalAnswer, TwilioRefusal } from './twilio/errors.ts'
import { guardTwilio, isTwilioPath, twilioRoutes } from './twilio/rest.ts'
import type { World } from './world.ts'

export interface Sandbox {
  baseUrl: string
  clamdUrl: string
  server: Server
  close: () => Promise<void>
}

export async function startSandbox(world: World): Promise<Sandbox> {
  const server = createHttpServer({
    routes: [...twilioRoutes(world), ...openAiRoutes(world), ...controlRoutes(world)],
    bodyLimitBytes: world.settings.bodyLimitBytes,
    before: (asked) => {
      if (isTwilioPath(asked.path)) return guardTwilio(world, asked)
      return isOpenAiPath(asked.path) ? guardOpenAi(world, asked) : null
    },
    notFound,
    failed,
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(world.settings.port, world.settings.host, resolve)
  })
  const clamd = await startClamd(world)
  const address = server.address()
  world.baseUrl = `http://${world.settings.host}:${isAddress(address) ? address.port : world.settings.port}`
  return {
    baseUrl: world.baseUrl,
    clamdUrl: clamd.url,
    server,
    close: async () => {
      await clamd.close()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    },
  }
}

const isAddress = (value: ReturnType<Server['address']>): value is AddressInfo => typeof value === 'object' && value !== null

function notFound(asked: Asked): Answer {
  if (isTwilioPath(asked.path)) return refusalAnswer(new TwilioRefusal(20404, asked.path))
  if (isOpenAiPath(asked.path))
    return openAiRefusal(new OpenAiRefusal(404, 'invalid_request_error', `Invalid URL (${asked.method} ${asked.path})`))
  return json(404, { error: `there is no ${asked.method} ${asked.path} here` })
}

function failed(error: unknown, asked: Asked | null): Answer {
  if (error instanceof TwilioRefusal) return refusalAnswer(error)
  if (error instanceof OpenAiRefusal) return openAiRefusal(error)
  if (error instanceof BadControl) return json(error.status, { error: error.message })
  if (error instanceof BodyTooLarge) return json(413, { error: error.message }, { connection: 'close' })
  // A fault of the sandbox itself: told in full, for whoever develops against it.
  process.stderr.write(`${asked?.method} ${asked?.path}: ${error instanceof Error ? error.stack : String(error)}\n`)
  return json(500, { error: error instanceof Error ? error.message : String(error) })
}
