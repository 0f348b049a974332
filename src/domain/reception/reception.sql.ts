import { statement } from '../../platform/db/index.ts'
import type { DialogueState } from '../conversation/index.ts'
import type { Line } from './lines.ts'

export interface DialogueRow {
  state: DialogueState
  turn: number
  outcome: string | null
  /** When the last answer was given. */
  updatedAt: Date
}
const columns = `state, turn, outcome, updated_at AS "updatedAt"`

export const selectDialogue = statement<{ callId: string }, DialogueRow>(
  'dialogue_select',
  `SELECT ${columns} FROM conversation.dialogues WHERE organization_id = :organizationId AND call_id = :callId`,
)
/** A second post of the same turn waits here, and then finds the first one's answer. `placed`: we rang them. */
export const lockDialogue = statement<{ callId: string }, DialogueRow & { placed: boolean }>(
  'dialogue_lock',
  `SELECT ${columns}, (SELECT c.direction = 'outbound' FROM calls.calls c WHERE c.organization_id = :organizationId AND c.id = :callId) AS placed
     FROM conversation.dialogues WHERE organization_id = :organizationId AND call_id = :callId FOR UPDATE`,
)
export const insertDialogue = statement<{ callId: string; state: DialogueState; outcome: string | null; at: Date }, never>(
  'dialogue_insert',
  `INSERT INTO conversation.dialogues (organization_id, call_id, state, turn, outcome, updated_at)
   VALUES (:organizationId, :callId, :state, 1, :outcome, :at)`,
)
export const updateDialogue = statement<{ callId: string; state: DialogueState; turn: number; outcome: string | null; at: Date }, never>(
  'dialogue_update',
  `UPDATE conversation.dialogues SET state = :state, turn = :turn, outcome = coalesce(:outcome, outcome), updated_at = :at
    WHERE organization_id = :organizationId AND call_id = :callId`,
)

export interface AnswerRow {
  turn: number
  fingerprint: Buffer
  instructions: Line[]
}
/** The answer to a turn, or the latest one when the turn is null. */
export const selectAnswer = statement<{ callId: string; turn: number | null }, AnswerRow>(
  'dialogue_answer_select',
  `SELECT turn, fingerprint, instructions
     FROM conversation.answers
    WHERE organization_id = :organizationId AND call_id = :callId AND (:turn::int IS NULL OR turn = :turn)
    ORDER BY turn DESC
    LIMIT 1`,
)
export const insertAnswer = statement<
  {
    callId: string
    turn: number
    fingerprint: Buffer
    instructions: string
    engine: string
    understood: boolean
    usedFallback: boolean
    confidence: number | null
    at: Date
    tookMs: number
  },
  never
>(
  'dialogue_answer_insert',
  `INSERT INTO conversation.answers (organization_id, call_id, turn, fingerprint, instructions, engine, understood, used_fallback, confidence,
                                     answered_at, took_ms)
   VALUES (:organizationId, :callId, :turn, :fingerprint, :instructions::jsonb, :engine, :understood, :usedFallback, :confidence, :at, :tookMs)`,
)

export interface NumberRow {
  id: string
  e164: string
  route: { type: 'agent' | 'user' | 'voicemail'; id?: string; personId?: number }
}
export const selectNumber = statement<{ e164: string }, NumberRow>(
  'reception_number',
  `SELECT id, e164, route FROM numbers.numbers WHERE organization_id = :organizationId AND e164 = :e164 AND status = 'active'`,
)

export interface AgentRow {
  id: string
  name: string
  language: string
  greeting: string | null
}
/** The agent asked for, or the organisation's first when none is named. */
export const selectAgent = statement<{ id: string | null }, AgentRow>(
  'reception_agent',
  `SELECT id, name, language, greeting
     FROM agents.agents
    WHERE organization_id = :organizationId AND (:id::uuid IS NULL OR id = :id)
    ORDER BY created_at, id
    LIMIT 1`,
)

/** Who takes a call that asks for a person: the one named, or else the first admin or supervisor with a mobile. */
export const selectPerson = statement<{ userId: number | null }, { id: number; mobile: string }>(
  'reception_person',
  `SELECT id, mobile
     FROM people.users
    WHERE organization_id = :organizationId AND status = 'active' AND mobile IS NOT NULL AND (:userId::bigint IS NULL OR id = :userId)
      AND (:userId::bigint IS NOT NULL OR roles && '{admin,supervisor}')
    ORDER BY id
    LIMIT 1`,
)

/** Across tenants: whose number was rung, or whose call this is. */
export const findNumberOwner = statement<{ e164: string }, { organizationId: number }>(
  'reception_number_owner',
  `SELECT organization_id AS "organizationId" FROM numbers.find_number(:e164)`,
)
export const findCallOwner = statement<{ provider: string; sid: string }, { organizationId: number; callId: string }>(
  'reception_call_owner',
  `SELECT organization_id AS "organizationId", call_id AS "callId" FROM calls.find_provider_call(:provider, :sid)`,
)
