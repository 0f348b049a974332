// What can be wrong with an audit log, each in words for the person who must act on it.

export type FindingKind =
  | 'edited'
  | 'missing'
  | 'inserted'
  | 'reordered'
  | 'cut_off'
  | 'rewritten'
  | 'checkpoint_edited'
  | 'checkpoint_forged'
  | 'checkpoint_missing'
  | 'checkpoint_unreadable'

export interface Finding {
  readonly kind: FindingKind
  /** Null where it is about the checkpoints and not about one chain. */
  readonly organizationId: number | null
  /** The first entry, or checkpoint, that is wrong, and the last where there are several. */
  readonly seq: number
  readonly until: number
  readonly words: string
}

export const span = (from: number, until: number): string => (from === until ? `entry ${from}` : `entries ${from} to ${until}`)
