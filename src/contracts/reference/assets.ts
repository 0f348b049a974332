// The files that the reference pages load: our own, and those of Swagger UI and ReDoc from their packages. A closed
// list: no path of a request ever reaches the file system.
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { Type } from 'typebox'
import { refuse } from '../../platform/errors/index.ts'
import { type AnyEndpoint, endpoint } from '../../platform/http/index.ts'
import { once, type Served, serve, toServed } from './served.ts'

const packages = createRequire(import.meta.url)
const script = 'text/javascript; charset=utf-8'
const style = 'text/css; charset=utf-8'

interface Asset {
  readonly type: string
  readonly files: () => readonly (string | URL)[]
  /** Changes made to a packed file on its way out. */
  readonly edit?: (text: string) => string
}

const own = (type: string, ...files: string[]): Asset => ({
  type,
  files: () => files.map((file) => new URL(`./assets/${file}`, import.meta.url)),
})
const packed = (path: string, type: string, edit?: Asset['edit']): Asset => ({
  type,
  files: () => [packages.resolve(path)],
  ...(edit ? { edit } : {}),
})

/** ReDoc shows a picture from its makers' host; ours stands in, so that a page asks nobody else for anything. */
const withoutForeignPicture = (text: string): string => text.replaceAll('https://cdn.redoc.ly/redoc/logo-mini.svg', '/docs/assets/icon.svg')

const assets = {
  'reference.css': own(style, 'base.css', 'frame.css', 'operation.css', 'screens.css'),
  'viewer.css': own(style, 'viewer.css'),
  'reference.js': own(script, 'reference.js'),
  'swagger.js': own(script, 'swagger.js'),
  'redoc.js': own(script, 'redoc.js'),
  'icon.svg': own('image/svg+xml', 'icon.svg'),
  'swagger-ui.css': packed('swagger-ui-dist/swagger-ui.css', style),
  'swagger-ui-bundle.js': packed('swagger-ui-dist/swagger-ui-bundle.js', script),
  'swagger-ui-standalone-preset.js': packed('swagger-ui-dist/swagger-ui-standalone-preset.js', script),
  'redoc.standalone.js': packed('redoc/bundles/redoc.standalone.js', script, withoutForeignPicture),
} as const satisfies Record<string, Asset>
type AssetName = keyof typeof assets

const loaded = new Map<AssetName, () => Promise<Served>>(
  (Object.keys(assets) as AssetName[]).map((name) => [name, once(() => read(assets[name]))]),
)

async function read({ files, type, edit = (text) => text }: Asset): Promise<Served> {
  const texts = await Promise.all(files().map((file) => readFile(file, 'utf8')))
  return toServed(edit(texts.join('\n')), type)
}

function load(name: AssetName): Promise<Served> {
  const found = loaded.get(name)
  return found ? found() : refuse('route_not_found')
}

/** Where a page finds an asset: the address changes with the content, so that it may be kept for ever. */
export async function addressOf(name: AssetName): Promise<string> {
  const { etag } = await load(name)
  return `/docs/assets/${name}?v=${versionOf(etag)}`
}

const versionOf = (etag: string): string => etag.slice(3, -1)

export const assetEndpoint: AnyEndpoint = endpoint({
  operation: 'docs.get_asset',
  method: 'GET',
  path: '/docs/assets/:file',
  summary: 'A file of the reference pages',
  permission: 'public',
  unlimited: true,
  hidden: true,
  params: Type.Object({ file: Type.Enum(Object.keys(assets) as [AssetName, ...AssetName[]]) }),
  query: Type.Object({ v: Type.Optional(Type.String()) }),
  response: { 200: 'text/javascript, text/css, image/svg+xml', 304: null },
  handle: async ({ request, params, query }) => {
    const served = await load(params.file)
    const kept = query.v === versionOf(served.etag) ? 'public, max-age=31536000, immutable' : 'no-cache'
    return serve(request, served, { 'cache-control': kept, 'cross-origin-resource-policy': 'same-origin' })
  },
})
