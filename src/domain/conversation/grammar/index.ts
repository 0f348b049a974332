// The languages that can be understood. A missing one falls back to English.

import { german } from './de.ts'
import { english } from './en.ts'
import type { Grammar } from './grammar.ts'

export const grammars: { en: Grammar; de: Grammar; [language: string]: Grammar | undefined } = { en: english, de: german }
