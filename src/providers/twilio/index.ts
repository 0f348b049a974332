export { openTwilio, type TwilioClient } from './client.ts'
export { noTelephony, twilioAudio, twilioTelephony } from './telephony.ts'
