// A request as a curl command that can be pasted: the address and the credential stay in variables.
import type { AnyEndpoint, Contract, Example } from '../../../platform/http/index.ts'

/** The command for an example; without one, the bare request. A path value that is not given is a variable of the shell. */
export function curlOf(contract: Contract, endpoint: AnyEndpoint, example: Example | null): string {
  const path = endpoint.path.replace(/:(\w+)/g, (_, name: string) => {
    const value = example?.params?.[name]
    return value === undefined ? variableOf(name) : encodeURIComponent(String(value))
  })
  const query = new URLSearchParams(
    Object.entries(example?.query ?? {}).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map((one): [string, string] => [name, String(one)]),
    ),
  ).toString()
  const method = endpoint.method === 'GET' ? [] : [`-X ${endpoint.method}`]
  const words = [...method, `"$PATCHBAY${path}${query ? `?${query}` : ''}"`]
  return [`curl ${words.join(' ')}`, ...credential(contract, endpoint), ...body(endpoint, example)].join(' \\\n  ')
}

/** `callId` as `${CALL_ID}`: the braces keep what follows apart. */
const variableOf = (name: string): string => `\${${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}}`

function credential(contract: Contract, endpoint: AnyEndpoint): string[] {
  if (endpoint.permission === 'public') return []
  return contract.credentialMissing === 'invalid_api_key' ? ['-H "X-API-Key: $API_KEY"'] : ['-H "Authorization: Bearer $TOKEN"']
}

function body(endpoint: AnyEndpoint, example: Example | null): string[] {
  const given = example?.body
  if (given === undefined) return []
  const accepts = endpoint.accepts ?? ['json']
  if (accepts.includes('json')) return ['-H "Content-Type: application/json"', `-d ${quote(JSON.stringify(given, null, 2))}`]
  const pairs = Object.entries(given as Record<string, unknown>)
  return accepts.includes('stream')
    ? pairs.map(([name, value]) => `-F ${quote(`${name}=${String(value)}`)}`)
    : pairs.map(([name, value]) => `--data-urlencode ${quote(`${name}=${String(value)}`)}`)
}

/** For a POSIX shell: nothing inside single quotes has a meaning but the quote itself. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
