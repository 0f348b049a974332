// Writes the pages of docs/ that are made from code.
import { writeFileSync } from 'node:fs'
import { renderSettings } from '../src/platform/config/index.ts'

writeFileSync(new URL('../docs/settings.md', import.meta.url), renderSettings())
