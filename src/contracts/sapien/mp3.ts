// Turns a recording into MP3 on its way out, where the machine has ffmpeg; refuses the format where it has not.
import { spawn } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { pipeline } from 'node:stream'
import { type BlobStore, contentDisposition } from '../../platform/blobs/index.ts'
import { refuse } from '../../platform/errors/index.ts'
import { type Answer, answer, type RequestFacts } from '../../platform/http/index.ts'

const options = ['-hide_banner', '-loglevel', 'error', '-i', 'pipe:0', '-codec:a', 'libmp3lame', '-b:a', '64k', '-f', 'mp3', 'pipe:1']

/** @throws format_unavailable, recording_not_found */
export async function mp3Of(blobs: BlobStore, key: string, id: string, request: RequestFacts, path = searchPath()): Promise<Answer> {
  const program = (await findProgram('ffmpeg', path)) ?? refuse('format_unavailable')
  const headers = {
    'content-type': 'audio/mpeg',
    'content-disposition': contentDisposition('attachment', `recording-${id}.mp3`),
  }
  if (request.method === 'HEAD') return answer(200, null, headers)
  const file = (await blobs.read(key)) ?? refuse('recording_not_found')
  const child = spawn(program, options, { stdio: ['pipe', 'pipe', 'ignore'] })
  const stop = () => child.kill('SIGKILL')
  request.signal.addEventListener('abort', stop, { once: true })
  child.once('error', (error) => child.stdout.destroy(error))
  child.once('exit', (code) => {
    request.signal.removeEventListener('abort', stop)
    if (code !== 0) child.stdout.destroy(new Error(`ffmpeg ended with ${code}`))
  })
  // A broken pipe is ffmpeg's end, which its exit code tells.
  pipeline(file.body, child.stdin, () => {})
  return answer(200, child.stdout, headers)
}

async function findProgram(name: string, path: string): Promise<string | null> {
  for (const folder of path.split(delimiter).filter(Boolean)) {
    const program = join(folder, name)
    const found = await access(program, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (found) return program
  }
  return null
}

/** Where a system keeps its programs: settings have no say in it. */
const searchPath = (): string => ['/usr/local/bin', '/usr/bin', '/bin', '/opt/homebrew/bin'].join(delimiter)
