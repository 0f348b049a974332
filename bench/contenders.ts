// Who is measured, and how each is started. Two of the references are not among the project's own packages: they are
// used where `npm run bench -- --install` has put them, and left out in one line where it has not.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type Figures, startChild } from './children.ts'
import { cpuMicrosOf } from './process-cpu.ts'

export const contenders = ['bare', 'patchbay', 'express', 'prisma', 'fastapi'] as const
export type Contender = (typeof contenders)[number]
export const references = ['express', 'prisma', 'fastapi'] as const satisfies readonly Contender[]

export const titles: Readonly<Record<Contender, string>> = {
  bare: 'node:http',
  patchbay: 'Patchbay',
  express: 'Express + pg',
  prisma: 'Express + Prisma',
  fastapi: 'FastAPI + asyncpg',
}

export interface Server {
  readonly port: number
  cpuMicros(): Promise<number>
  stop(): Promise<void>
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const prismaFolder = here('references/prisma')
const fastapiFolder = here('references/fastapi')
const prismaClient = here('references/prisma/node_modules/bench-client/client.js')
const python = here('references/fastapi/venv/bin/python')

/** Which of them this machine has, and a line for each that it has not. */
export function present(): { here: Contender[]; missing: string[] } {
  const needed: Partial<Record<Contender, string>> = { prisma: prismaClient, fastapi: python }
  const missing = contenders.filter((name) => !existsSync(needed[name] ?? prismaFolder))
  return {
    here: contenders.filter((name) => !missing.includes(name)),
    missing: missing.map((name) => `${titles[name]} is left out: \`npm run bench -- --install\` gets it.`),
  }
}

export function startContender(name: Contender, input: object): Promise<Server> {
  if (name === 'fastapi') return startPython(here('references/fastapi/server.py'), input)
  return startNode(name === 'prisma' ? 'references/prisma/server.mjs' : `contenders/${name}.ts`, input)
}

async function startNode(file: string, input: object): Promise<Server> {
  const child = await startChild(file, input)
  const { port } = await child.ask<Figures>({})
  return { port, cpuMicros: async () => (await child.ask<Figures>({})).cpuMicros, stop: () => child.stop() }
}

async function startPython(file: string, input: object): Promise<Server> {
  const child = spawn(python, [file, JSON.stringify(input)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const { port } = JSON.parse(await firstLine(child)) as { port: number }
  const pid = child.pid ?? 0
  const server: Server = {
    port,
    cpuMicros: async () => cpuMicrosOf([pid]),
    async stop() {
      if (child.exitCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
  await untilItAnswers(port)
  return server
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('the child has no output')
  for await (const line of createInterface(stdout)) return line
  throw new Error('a contender ended without a word: is it installed whole?')
}

/** It listens before its pool is open. */
async function untilItAnswers(port: number): Promise<void> {
  for (const until = performance.now() + 20_000; performance.now() < until; ) {
    const status = await fetch(`http://127.0.0.1:${port}/`).then(
      ({ status }) => status,
      () => 0,
    )
    if (status === 404) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('a contender does not answer')
}

/** Installs the references beside, at the versions that are written down with them; each that cannot be says why. */
export function install(): void {
  attempt(titles.prisma, () => {
    const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true' } // nothing is migrated: it is not fetched
    const run = (command: string, args: string[]) => execFileSync(command, args, { cwd: prismaFolder, env, stdio: 'inherit' })
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'])
    run(process.execPath, ['node_modules/prisma/build/index.js', 'generate', '--schema', 'schema.prisma'])
  })
  attempt(titles.fastapi, () => {
    const run = (command: string, args: string[]) => execFileSync(command, args, { cwd: fastapiFolder, stdio: 'inherit' })
    run('python3', ['-m', 'venv', 'venv'])
    run(python, ['-m', 'pip', 'install', '--quiet', '-r', 'requirements.txt'])
  })
}

function attempt(title: string, work: () => void): void {
  try {
    work()
    console.log(`${title}: installed`)
  } catch (error) {
    console.error(`${title}: not installed (${error instanceof Error ? error.message : error}); the bench leaves it out`)
  }
}
