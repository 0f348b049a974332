// Express brings no types of its own: what the contenders use of it.
declare module 'express' {
  import type { IncomingHttpHeaders, Server } from 'node:http'

  export interface Request {
    readonly headers: IncomingHttpHeaders
    readonly params: Readonly<Record<string, string>>
    readonly query: Readonly<Record<string, string | undefined>>
  }
  export interface Response {
    readonly locals: { organizationId?: number }
    status(code: number): Response
    setHeader(name: string, value: number): void
    json(body: unknown): void
  }
  export type NextFunction = () => void
  type Handle = (request: Request, response: Response, next: NextFunction) => void | Promise<void>
  interface App {
    get(path: string, ...handles: readonly Handle[]): void
    listen(port: number, host: string, ready: () => void): Server
  }
  export default function express(): App
}
