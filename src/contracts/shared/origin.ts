// Where this process itself listens, as opposed to the address that callers reach it by: proxies and names are left out.
import type { RequestFacts } from '../../platform/http/index.ts'

export function listeningOrigin({ raw }: RequestFacts): string {
  const { localAddress = '127.0.0.1', localPort = 80 } = raw.raw.socket
  const host = localAddress.includes(':') ? `[${localAddress}]` : localAddress
  return `${'encrypted' in raw.raw.socket ? 'https' : 'http'}://${host}:${localPort}`
}
