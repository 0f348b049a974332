// What we use of memjs 1.3, which ships no types.
declare module 'memjs' {
  export interface ClientOptions {
    readonly retries?: number
    readonly retry_delay?: number
    readonly timeout?: number
    readonly conntimeout?: number
    readonly keepAlive?: boolean
    readonly logger?: { log(...words: unknown[]): void }
  }
  export interface Client {
    get(key: string): Promise<{ readonly value: Buffer | null }>
    set(key: string, value: string, options: { readonly expires: number }): Promise<boolean>
    add(key: string, value: string, options: { readonly expires: number }): Promise<boolean>
    delete(key: string): Promise<boolean>
    stats(callback: (error: Error | null, server: string, stats: Readonly<Record<string, string>> | null) => void): void
    close(): void
  }
  export const Client: { create(servers: string, options: ClientOptions): Client }
}
