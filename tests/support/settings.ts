// What a Patchbay under test is set to, in this process or in one of its own.

/** Limits are off: the tests of limits set their own. */
export const testing = {
  APP_ENV: 'testing',
  PORT: '0',
  HOST: '127.0.0.1',
  LOG_LEVEL: 'error',
  DRAIN_S: '0',
  DATABASE_LANES: '2', // each connection reads the catalogue and plans for itself
  MAX_WAIT_MS: '0', // a machine that is busy with many tests turns nobody away
  PATCHBAY_SANDBOX: 'off',
  TWILIO_ACCOUNT_SID: 'AC00000000000000000000000000000001',
  TWILIO_AUTH_TOKEN: 'a-token-that-only-tests-know-0001',
  TWILIO_BASE_URL: 'http://127.0.0.1:9',
  SECRET_KEY: 'a-key-that-only-tests-know-0123456789',
  LIMIT_SAPIEN: 'off',
  LIMIT_SEI: 'off',
  LIMIT_SEI_ANONYMOUS: 'off',
  LIMIT_BELLA: 'off',
}
