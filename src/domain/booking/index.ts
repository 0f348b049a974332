// Appointments: when the place is open, what is free, who has booked what, and who is told of it.
export {
  type Appointment,
  type AppointmentChange,
  type AppointmentFilter,
  appointmentsForFeed,
  bookAppointment,
  cancelAppointment,
  durationOf,
  listAppointments,
  type NewAppointment,
  showAppointment,
  upcomingOf,
  updateAppointment,
} from './appointments.ts'
export { type AvailabilityQuery, listFreeSlots, longestRangeDays } from './availability.ts'
export { type Calendar, type OpeningHours, type Span, startOfDay } from './calendar.ts'
export {
  addHoliday,
  addResource,
  type CalendarSettings,
  readCalendar,
  seedBooking,
  setCalendar,
  usualCalendar,
} from './calendars.ts'
export { type Caller, openDesk } from './desk.ts'
export { createFeed, principalOfFeed, revokeFeed } from './feeds.ts'
export { bookingJobs, type MessageKind } from './messages.ts'
export type { Messenger } from './ports.ts'
export type { FreeSlot } from './slots.ts'
export { type AppointmentStatus, appointmentStatuses } from './statuses.ts'
