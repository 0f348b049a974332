// What booking needs of the outside: somebody who delivers a text message.

export interface Messenger {
  /** `from` is a number of the organisation's own, `to` whose it is; both E.164. `key` names the message: sent again with the same key, it goes out once. */
  send(input: {
    readonly from: string
    readonly to: string
    readonly text: string
    readonly key: string
  }): Promise<{ readonly sid: string }>
}
