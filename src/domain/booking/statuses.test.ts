import { describe, expect, test } from 'vitest'
import { appointmentStatuses, isOpen, mayBecome } from './statuses.ts'

describe('statuses', () => {
  test('these moves are allowed, and no others', () => {
    const allowed = appointmentStatuses.flatMap((from) =>
      appointmentStatuses.filter((to) => from !== to && mayBecome(from, to)).map((to) => `${from} → ${to}`),
    )
    expect(allowed).toEqual([
      'booked → confirmed',
      'booked → cancelled',
      'booked → completed',
      'booked → no_show',
      'confirmed → cancelled',
      'confirmed → completed',
      'confirmed → no_show',
    ])
  })

  test('what is over stays over, and staying as it is is always allowed', () => {
    expect(appointmentStatuses.filter(isOpen)).toEqual(['booked', 'confirmed'])
    for (const status of appointmentStatuses) expect(mayBecome(status, status)).toBe(true)
  })
})
