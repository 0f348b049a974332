// What takes minutes: kills, floods and crowds, one after the other, because each wants the machine for itself.
import { defineConfig, mergeConfig } from 'vitest/config'
import usual from './vitest.config.ts'

export default mergeConfig(
  { ...usual, test: { ...usual.test, include: [] } },
  defineConfig({ test: { include: ['tests/chaos/**/*.test.ts'], maxWorkers: 1, testTimeout: 30 * 60_000, hookTimeout: 120_000 } }),
)
