import { statement } from '../../platform/db/index.ts'
import type { OpeningHours } from './calendar.ts'

export interface BookRow {
  timezone: string
  openingHours: OpeningHours
  slotMinutes: number
  defaultDurationMin: number
  minNoticeMin: number
  maxAheadDays: number
  bufferBeforeMin: number
  bufferAfterMin: number
  confirmBySms: boolean
  remindBeforeMin: number | null
  holidays: string[]
  resources: number[]
  /** [resource, start, end] in Unix milliseconds. */
  busy: [number, number, number][]
}

/**
 * The whole book for appointments of `durationMin` (null: as long as they usually are) that begin between two moments, in one
 * read. What is busy is looked for by start, which an index answers under row-level security (range operators are not
 * leakproof); no appointment with its buffers is longer than 32 hours. Only what such an appointment could touch is told.
 */
export const selectBook = statement<{ from: Date; to: Date; durationMin: number | null; except: number | null }, BookRow>(
  'booking_book_select',
  `SELECT c.timezone, c.opening_hours AS "openingHours", c.slot_minutes AS "slotMinutes", c.default_duration_min AS "defaultDurationMin",
          c.min_notice_min AS "minNoticeMin", c.max_ahead_days AS "maxAheadDays", c.buffer_before_min AS "bufferBeforeMin",
          c.buffer_after_min AS "bufferAfterMin", c.confirm_by_sms AS "confirmBySms", c.remind_before_min AS "remindBeforeMin",
          (SELECT coalesce(json_agg(h.day::text), '[]') FROM booking.holidays h
            WHERE h.organization_id = :organizationId
              AND h.day BETWEEN (:from::timestamptz - interval '3 days')::date AND (:to::timestamptz + interval '3 days')::date) AS holidays,
          (SELECT coalesce(json_agg(r.id ORDER BY r.id), '[]') FROM booking.resources r
            WHERE r.organization_id = :organizationId AND r.active) AS resources,
          (SELECT coalesce(json_agg(json_build_array(a.resource_id, extract(epoch FROM lower(a.busy)) * 1000,
                                                     extract(epoch FROM upper(a.busy)) * 1000)), '[]')
             FROM booking.appointments a
            WHERE a.organization_id = :organizationId AND a.status <> 'cancelled' AND a.id IS DISTINCT FROM :except::bigint
              AND a.starts_at > :from::timestamptz - interval '40 hours' AND a.starts_at < :to::timestamptz + interval '40 hours'
              AND upper(a.busy) > :from::timestamptz - c.buffer_before_min * interval '1 min'
              AND lower(a.busy) < :to::timestamptz
                                  + (coalesce(:durationMin::int, c.default_duration_min) + c.buffer_after_min) * interval '1 min') AS busy
     FROM booking.calendars c
    WHERE c.organization_id = :organizationId`,
)

export interface CalendarFacts {
  timezone: string
  defaultDurationMin: number
  maxAheadDays: number
}

export const selectCalendar = statement<object, CalendarFacts>(
  'booking_calendar_select',
  `SELECT timezone, default_duration_min AS "defaultDurationMin", max_ahead_days AS "maxAheadDays"
     FROM booking.calendars WHERE organization_id = :organizationId`,
)

/**
 * Whoever books holds the hours that the appointment touches, buffers included, until they commit: two that could overlap share
 * an hour and take their turn, and all others go on. The exclusion constraint alone would let two deadlock.
 */
export const lockHours = statement<{ from: Date; to: Date }, never>(
  'booking_hours_lock',
  `SELECT pg_advisory_xact_lock(hour.key)
     FROM (SELECT DISTINCT hashtextextended('booking:' || c.organization_id || ':' || touched, 0) AS key
             FROM booking.calendars c,
                  generate_series(floor(extract(epoch FROM :from::timestamptz) / 3600 - c.buffer_before_min / 60.0)::bigint,
                                  ceil(extract(epoch FROM :to::timestamptz) / 3600 + c.buffer_after_min / 60.0)::bigint - 1) AS touched
            WHERE c.organization_id = :organizationId
            ORDER BY key) AS hour`, // in one order for all, or they would deadlock here
)

export interface CalendarParams {
  timezone: string
  openingHours: OpeningHours
  slotMinutes: number
  defaultDurationMin: number
  minNoticeMin: number
  maxAheadDays: number
  bufferBeforeMin: number
  bufferAfterMin: number
  confirmBySms: boolean
  remindBeforeMin: number | null
}

export const upsertCalendar = statement<CalendarParams & { at: Date }, never>(
  'booking_calendar_upsert',
  `INSERT INTO booking.calendars (organization_id, timezone, opening_hours, slot_minutes, default_duration_min, min_notice_min, max_ahead_days,
                                  buffer_before_min, buffer_after_min, confirm_by_sms, remind_before_min, updated_at)
   VALUES (:organizationId, :timezone, :openingHours::jsonb, :slotMinutes, :defaultDurationMin, :minNoticeMin, :maxAheadDays,
           :bufferBeforeMin, :bufferAfterMin, :confirmBySms, :remindBeforeMin, :at)
   ON CONFLICT (organization_id) DO UPDATE
      SET timezone = excluded.timezone, opening_hours = excluded.opening_hours, slot_minutes = excluded.slot_minutes,
          default_duration_min = excluded.default_duration_min, min_notice_min = excluded.min_notice_min,
          max_ahead_days = excluded.max_ahead_days, buffer_before_min = excluded.buffer_before_min,
          buffer_after_min = excluded.buffer_after_min, confirm_by_sms = excluded.confirm_by_sms,
          remind_before_min = excluded.remind_before_min, updated_at = excluded.updated_at`,
)

export const insertResource = statement<{ name: string }, { id: number }>(
  'booking_resource_insert',
  `INSERT INTO booking.resources (organization_id, name) VALUES (:organizationId, :name) RETURNING id`,
)

export const insertHoliday = statement<{ day: string; name: string }, never>(
  'booking_holiday_insert',
  `INSERT INTO booking.holidays (organization_id, day, name) VALUES (:organizationId, :day::date, :name)
   ON CONFLICT (organization_id, day) DO UPDATE SET name = excluded.name`,
)
