// Express brings no types of its own: what the contender uses of it.
declare module 'express' {
  import type { Server } from 'node:http'

  interface Request {
    readonly params: Readonly<Record<string, string>>
    readonly query: Readonly<Record<string, string | undefined>>
  }
  interface Response {
    json(body: unknown): void
  }
  interface App {
    get(path: string, handle: (request: Request, response: Response) => Promise<void>): void
    listen(port: number, host: string, ready: () => void): Server
  }
  export default function express(): App
}
