// Whoever is behind is served in turn: a page each, a few reads at a time, and never so long at a stretch that those who
// have caught up must wait. Who takes no more gives its turn away.
import type { Page, Pages } from './pages.ts'

export interface Turns<Customer> {
  /** At the end of the queue; once, however often it is asked. */
  queue(customer: Customer): void
  leave(customer: Customer): void
  close(): void
}

export interface Customer {
  readonly organizationId: number
  /** The last event that it was given. */
  at: number
}

const readsAtOnce = 8
const longestStretchMs = 5
const retryMs = 500

/** @param serve gives a customer what is in the page */
export function openTurns<C extends Customer>(
  pages: Pages,
  serve: (customer: C, page: Page) => void,
  onError: (e: unknown) => void,
): Turns<C> {
  const waiting = new Set<C>()
  const retries = new Set<NodeJS.Timeout>()
  let reading = 0
  let next: NodeJS.Immediate | null = null
  let closed = false

  function work(): void {
    next = null
    const began = performance.now()
    for (const customer of waiting) {
      if (reading >= readsAtOnce) return // whoever has read calls again
      if (performance.now() - began > longestStretchMs) break
      waiting.delete(customer)
      const page = pages.atHand(customer.organizationId, customer.at)
      if (page) serve(customer, page)
      else void readFor(customer)
    }
    soon()
  }

  async function readFor(customer: C): Promise<void> {
    reading++
    try {
      const page = await pages.load(customer.organizationId, customer.at)
      if (!closed) serve(customer, page)
    } catch (error) {
      onError(error)
      later(customer)
    } finally {
      reading--
      soon()
    }
  }

  function soon(): void {
    if (!closed && waiting.size > 0) next ??= setImmediate(work)
  }

  function later(customer: C): void {
    if (closed) return
    const timer = setTimeout(() => {
      retries.delete(timer)
      queue(customer)
    }, retryMs)
    retries.add(timer)
  }

  function queue(customer: C): void {
    waiting.add(customer)
    soon()
  }

  return {
    queue,
    leave: (customer) => void waiting.delete(customer),
    close() {
      closed = true
      waiting.clear()
      for (const timer of retries) clearTimeout(timer)
      if (next) clearImmediate(next)
    },
  }
}
