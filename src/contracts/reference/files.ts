// The documents as files: committed, so that a change of a contract is seen where changes are read.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Breaking, type Contract, diffOpenApi, type OpenApiDocument, toAwsOpenApi } from '../../platform/http/index.ts'
import { documentsOf } from './documents.ts'

/** What Terraform puts in the place of the backend's address. */
const backend = '$' + '{sapien_backend_url}'

function filesOf(contracts: readonly Contract[], version: string): Map<string, string> {
  const documents = documentsOf(contracts, version)
  const sapien = documents.get('sapien')
  const files = [...documents].map(([name, document]): [string, object] => [`${name}.json`, document])
  if (sapien) files.push(['sapien.aws.json', toAwsOpenApi(sapien, backend)])
  return new Map(files.map(([name, document]) => [name, `${JSON.stringify(document, null, 2)}\n`]))
}

/** @returns the names of the files written */
export async function writeOpenApiFiles(folder: string, contracts: readonly Contract[], version: string): Promise<string[]> {
  await mkdir(folder, { recursive: true })
  const files = filesOf(contracts, version)
  for (const [name, text] of files) await writeFile(join(folder, name), text)
  return [...files.keys()]
}

/** @returns the names of the files that are not what the code says now: changed, missing, or left over. */
export async function checkOpenApiFiles(folder: string, contracts: readonly Contract[], version: string): Promise<string[]> {
  const files = filesOf(contracts, version)
  const there = (await readFolder(folder)).filter((name) => name.endsWith('.json'))
  const wanted = await Promise.all([...files].map(async ([name, text]) => ((await readText(join(folder, name))) === text ? null : name)))
  return [...wanted.filter((name) => name !== null), ...there.filter((name) => !files.has(name))]
}

/** What the code now breaks of the documents in `folder`, by contract. A document that is not there breaks nothing. */
export async function diffOpenApiFiles(folder: string, contracts: readonly Contract[], version: string): Promise<Map<string, Breaking[]>> {
  const broken = new Map<string, Breaking[]>()
  for (const [name, document] of documentsOf(contracts, version)) {
    const text = name === 'all' ? null : await readText(join(folder, `${name}.json`))
    const found = text === null ? [] : diffOpenApi(JSON.parse(text) as OpenApiDocument, document)
    if (found.length > 0) broken.set(name, found)
  }
  return broken
}

const absent = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (absent(error)) return null
    throw error
  }
}

async function readFolder(path: string): Promise<string[]> {
  try {
    return await readdir(path)
  } catch (error) {
    if (absent(error)) return []
    throw error
  }
}
