// What a run ends with when a promise was broken.

/** Said by an invariant, or by whoever got an answer that none of the rules allows. */
export class Violation extends Error {}

export function broken(sentence: string, evidence: unknown): never {
  throw new Violation(`${sentence}\n${JSON.stringify(evidence, null, 1)?.slice(0, 4000)}`)
}
