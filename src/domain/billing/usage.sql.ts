import { statement } from '../../platform/db/index.ts'

export interface UsageParams {
  id: string
  kind: string
  quantity: number
  unit: string
  microsPerUnit: number
  currency: string
  callId: string | null
  source: string
  at: Date
}

/** The source is taken first: who comes second writes nothing. An organisation's own rate goes before the list price. */
export const insertUsage = statement<UsageParams, never>(
  'billing_usage_insert',
  `WITH claimed AS (
     INSERT INTO billing.usage_sources (organization_id, kind, source, usage_id)
     VALUES (:organizationId, :kind, :source, :id)
     ON CONFLICT DO NOTHING
     RETURNING usage_id
   ), rate AS (
     SELECT unit, micros_per_unit, currency FROM billing.rates WHERE organization_id = :organizationId AND kind = :kind
     UNION ALL
     SELECT :unit::text, :microsPerUnit::bigint, :currency::text
     LIMIT 1
   )
   INSERT INTO billing.usage (organization_id, id, kind, quantity, unit, cost_micros, currency, call_id, source, at)
   SELECT :organizationId, claimed.usage_id, :kind, :quantity::numeric, rate.unit,
          round(:quantity::numeric * rate.micros_per_unit)::bigint, rate.currency, :callId::uuid, :source, :at::timestamptz
     FROM claimed, rate`,
)

export const selectCallUsage = statement<{ callId: string; kind: string }, { entries: number; quantity: number }>(
  'billing_usage_of_call',
  `SELECT count(*) AS entries, coalesce(sum(quantity), 0) AS quantity
     FROM billing.usage
    WHERE organization_id = :organizationId AND call_id = :callId AND kind = :kind`,
)
