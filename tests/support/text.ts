// Texts for properties, of any characters there are.
import fc from 'fast-check'

/** What fast-check has for this makes a table of all characters first, which takes a second. */
const character = fc
  .oneof(fc.integer({ min: 0, max: 0x7f }), fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((code) => String.fromCodePoint(code))

export const anyText = (constraints: { maxLength?: number } = {}) => fc.string({ unit: character, ...constraints })
