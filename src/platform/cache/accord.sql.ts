import { statement } from '../db/index.ts'

// Words about cached values need not outlive a crash of the server, which empties every memory anyway: a commit that
// only says something does not wait for the disk. Where a number is raised, it does.

/** `former`: what the process was called before it lost its connection. */
export const joinPeers = statement<{ id: string; former: string | null }, never>(
  'cache_peers_join',
  `WITH gone AS (DELETE FROM platform.cache_peers WHERE id = :former)
   INSERT INTO platform.cache_peers (id) VALUES (:id)`,
)
export const leavePeers = statement<{ id: string }, never>('cache_peers_leave', `DELETE FROM platform.cache_peers WHERE id = :id`)

export const selectEpochs = statement<object, { scope: string; epoch: number }>(
  'cache_epochs_all',
  `SELECT scope, epoch FROM platform.cache_epochs`,
)

/** What was said before this is heard before it: PostgreSQL delivers in the order of the commits. */
export const fence = statement<{ id: string; channel: string; word: string }, { member: boolean }>(
  'cache_fence',
  `SELECT set_config('synchronous_commit', 'off', true), pg_notify(:channel, :word),
          EXISTS (SELECT FROM platform.cache_peers WHERE id = :id AND evicted_at IS NULL) AS member`,
)

/** In the transaction of a change it is heard when that is committed, and never when it is not. */
export const sayDrop = statement<{ word: string }, never>('cache_drop', `SELECT pg_notify('patchbay_cache', :word)`)

export const raiseEpoch = statement<{ scope: string; word: string }, never>(
  'cache_raise_epoch',
  `WITH raised AS (
     INSERT INTO platform.cache_epochs (scope, epoch) VALUES (:scope, 1)
     ON CONFLICT (scope) DO UPDATE SET epoch = cache_epochs.epoch + 1
     RETURNING epoch
   )
   SELECT pg_notify('patchbay_cache', (:word::jsonb || jsonb_build_object('epoch', epoch))::text) FROM raised`,
)

export const sayAcks = statement<{ channels: readonly string[]; words: readonly string[] }, never>(
  'cache_acks',
  `SELECT set_config('synchronous_commit', 'off', true), pg_notify(channel, word)
     FROM unnest(:channels::text[], :words::text[]) AS ack (channel, word)`,
)

/** Who must have heard. Whoever was marked a second ago knows by now that its memory counts for nothing. */
export const selectPeers = statement<object, { id: string }>(
  'cache_peers_waited_for',
  `SELECT id FROM platform.cache_peers WHERE evicted_at IS NULL OR evicted_at > clock_timestamp() - interval '1 second'`,
)
export const evictPeers = statement<{ ids: readonly string[] }, never>(
  'cache_peers_evict',
  `WITH settings AS (SELECT set_config('synchronous_commit', 'off', true)),
        old AS (DELETE FROM platform.cache_peers WHERE evicted_at < clock_timestamp() - interval '1 minute')
   UPDATE platform.cache_peers SET evicted_at = clock_timestamp() FROM settings WHERE id = ANY(:ids::text[]) AND evicted_at IS NULL`,
)
