// What is on this machine: the data folder, the disk, the port, the settings that are legal and yet unwise.
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Credentials, readCredentials } from '../../founding/credentials.ts'
import type { Settings } from '../../platform/config/index.ts'
import { portHolder } from '../port-holder.ts'
import { type Finding, inWords, look, off, ok, warning, wrong } from './finding.ts'

const gib = 1024 ** 3

export function lookHere(settings: Settings, running: boolean): Promise<Finding>[] {
  return [
    folder(settings),
    disk(settings),
    server(settings, running),
    sandbox(settings, running),
    ...unwise(settings).map((found) => Promise.resolve(found)),
  ]
}

async function folder({ dataFolder }: Settings): Promise<Finding> {
  const probe = join(dataFolder, `.doctor-${process.pid}`)
  try {
    await mkdir(dataFolder, { recursive: true })
    await writeFile(probe, 'written by patchbay doctor')
    return ok('data folder', dataFolder)
  } catch (error) {
    return wrong(
      'data folder',
      `${dataFolder}: ${inWords(error)}`,
      'Give this user the right to write there, or set PATCHBAY_DATA to another folder.',
    )
  } finally {
    await rm(probe, { force: true }).catch(() => {}) // what could not be written need not be removed
  }
}

async function disk({ dataFolder }: Settings): Promise<Finding> {
  try {
    const { bavail, bsize } = await statfs(dataFolder)
    const free = bavail * bsize
    const words = `${(free / gib).toFixed(1)} GiB free`
    if (free < 0.1 * gib) return wrong('disk space', words, 'The database stops when the disk is full: make room, or move PATCHBAY_DATA.')
    if (free < gib) return warning('disk space', words, 'Recordings fill this soon: make room, or move PATCHBAY_DATA.')
    return ok('disk space', words)
  } catch (error) {
    return warning('disk space', inWords(error), 'It could not be told how much room there is.')
  }
}

async function server(settings: Settings, running: boolean): Promise<Finding> {
  const address = addressOf(settings, running ? readCredentials(settings.dataFolder) : null)
  if (running && address) {
    return look('server', 'Patchbay runs on this data folder and does not answer: look at its log.', async () => {
      const { status } = await fetch(`${address}/health`, { redirect: 'manual' })
      if (status !== 200) throw new Error(`${address}/health answers ${status}`)
      return `${address} is healthy`
    })
  }
  const holder = settings.port === 0 ? null : portHolder(settings.port)
  if (holder)
    return warning('server', `port ${settings.port} is taken by ${holder}`, `If that is not Patchbay, choose another port: PORT=8081.`)
  return off('server', 'not running on this data folder; npm start starts it')
}

const addressOf = ({ publicUrl, port, host }: Settings, known: Credentials | null): string | null =>
  known?.baseUrl ?? publicUrl ?? (port === 0 ? null : `http://${host}:${port}`)

async function sandbox({ dataFolder }: Settings, running: boolean): Promise<Finding> {
  const known = running ? readCredentials(dataFolder) : null
  if (!known?.sandbox) return off('sandbox', 'not running')
  const { baseUrl } = known.sandbox
  return look('sandbox', 'The sandbox ends and starts with Patchbay: start it again.', async () => {
    const { status } = await fetch(`${baseUrl}/sandbox/clock`)
    if (status !== 200) throw new Error(`${baseUrl} answers ${status}`)
    return baseUrl
  })
}

function unwise({ twilio, publicUrl, env, sandbox: wish }: Settings): Finding[] {
  const found: Finding[] = []
  if (!twilio.signatureCheck)
    found.push(warning('webhooks', 'signatures are not checked', 'Anybody can post calls to this server: set TWILIO_SIGNATURE_CHECK=on.'))
  if (twilio.accountSid && !twilio.baseUrl && !publicUrl)
    found.push(warning('public address', 'not set', 'Twilio must reach this server: set PUBLIC_URL to the address under which it does.'))
  if (env === 'production' && wish === 'on')
    found.push(warning('sandbox', 'switched on in production', 'Calls go nowhere: set PATCHBAY_SANDBOX=off and TWILIO_ACCOUNT_SID.'))
  return found
}
