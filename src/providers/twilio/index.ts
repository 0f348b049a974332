export { openTwilio, type TwilioClient, twilioGuard } from './client.ts'
export { noTelephony, twilioAudio, twilioTelephony } from './telephony.ts'
