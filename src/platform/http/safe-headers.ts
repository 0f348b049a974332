// What every answer tells a browser, unless its endpoint says otherwise: it is no page, nobody may frame it, it is not to
// be kept, and no address of it is told to others.

const always: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}

/** RFC 6797: two years, by https alone, as only there it is believed. */
const httpsOnly = { 'strict-transport-security': 'max-age=63072000; includeSubDomains' }

/** @param https whether callers reach this server by https, here or at a proxy before it */
export const safeHeaders = (https: boolean): Readonly<Record<string, string>> => ({ ...always, ...(https ? httpsOnly : {}) })

/** RFC 9325, 4.2: with TLS 1.2 only suites of forward secrecy and authenticated encryption; those of TLS 1.3 all are. */
export const cipherSuites = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':')
