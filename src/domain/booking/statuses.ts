// Which status may follow which. What was cancelled, kept or missed stays so.

export const appointmentStatuses = ['booked', 'confirmed', 'cancelled', 'completed', 'no_show'] as const
export type AppointmentStatus = (typeof appointmentStatuses)[number]

const next: Readonly<Record<AppointmentStatus, readonly AppointmentStatus[]>> = {
  booked: ['confirmed', 'cancelled', 'completed', 'no_show'],
  confirmed: ['cancelled', 'completed', 'no_show'],
  cancelled: [],
  completed: [],
  no_show: [],
}

/** Still ahead of us: it can be moved, changed and cancelled. */
export const isOpen = (status: AppointmentStatus): boolean => next[status].length > 0
/** Staying as it is is always allowed. */
export const mayBecome = (from: AppointmentStatus, to: AppointmentStatus): boolean => from === to || next[from].includes(to)
