// Twilio's Recordings: of a call (start, pause, resume, stop) and of the account (list, fetch, delete, the file itself).
// Source: https://www.twilio.com/docs/voice/api/recording
import { rfc2822 } from '../clock.ts'
import { type Answer, type Asked, json, type Route } from '../http.ts'
import type { World } from '../world.ts'
import { isOver } from './call.ts'
import { refuse } from './errors.ts'
import { pageOf } from './paging.ts'
import { apiVersion } from './params.ts'
import { trackOf } from './record.ts'
import {
  lengthS,
  pauseRecording,
  type Recording,
  recordingUrl,
  renderRecording,
  resumeRecording,
  startRecording,
  stopRecording,
} from './recording.ts'
import { accountPath, findCall, inTime, watchedIn } from './rest-calls.ts'

export function recordingRoutes(world: World): Route[] {
  const account = accountPath(world)
  const ofCall = `${account}/Calls/:call/Recordings`
  return [
    { method: 'POST', path: `${ofCall}.json`, handle: (asked) => start(world, asked) },
    { method: 'GET', path: `${ofCall}.json`, handle: (asked) => list(world, asked, findCall(world, asked.params.call).sid) },
    { method: 'GET', path: `${ofCall}/:file`, handle: (asked) => json(200, render(world, findOnCall(world, asked))) },
    { method: 'POST', path: `${ofCall}/:file`, handle: (asked) => change(world, asked) },
    { method: 'DELETE', path: `${ofCall}/:file`, handle: (asked) => remove(world, findOnCall(world, asked)) },
    { method: 'GET', path: `${account}/Recordings.json`, handle: (asked) => list(world, asked, asked.query.get('CallSid')) },
    { method: 'GET', path: `${account}/Recordings/:file`, handle: (asked) => fetchOne(world, asked) },
    { method: 'HEAD', path: `${account}/Recordings/:file`, handle: (asked) => fetchOne(world, asked) },
    { method: 'DELETE', path: `${account}/Recordings/:file`, handle: (asked) => remove(world, find(world, asked.params.file)) },
  ]
}

function find(world: World, file: string | undefined): Recording {
  const sid = (file ?? '').replace(/\.(json|wav|mp3)$/, '')
  return world.recordings.get(sid) ?? refuse(20404, `${accountPath(world)}/Recordings/${sid}.json`)
}

/** `Twilio.CURRENT` is the one that is being made now. */
function findOnCall(world: World, asked: Asked): Recording {
  const call = findCall(world, asked.params.call)
  const current = asked.params.file?.startsWith('Twilio.CURRENT') === true
  const recording = current ? call.recordings.findLast((each) => each.endMs === null) : find(world, asked.params.file)
  return recording && recording.call === call ? recording : refuse(20404, asked.path)
}

function start(world: World, asked: Asked): Answer {
  const call = findCall(world, asked.params.call)
  if (isOver(call) || call.answeredMs === null) refuse(21220)
  const recording = startRecording(world, call, {
    source: 'StartCallRecordingAPI',
    channels: asked.form.get('RecordingChannels') === 'dual' ? 2 : 1,
    track: trackOf(asked.form.get('RecordingTrack') ?? undefined),
    callback: watchedIn(asked.form, 'RecordingStatusCallback', ['completed']),
  })
  return json(201, render(world, recording))
}

function change(world: World, asked: Asked): Answer {
  const recording = findOnCall(world, asked)
  if (recording.endMs !== null) refuse(21220)
  const status = asked.form.get('Status')
  if (status === 'stopped') stopRecording(world, recording)
  else if (status === 'paused') {
    if (recording.status !== 'paused') pauseRecording(world, recording, asked.form.get('PauseBehavior') === 'skip')
  } else if (status === 'in-progress') {
    if (recording.status === 'paused') resumeRecording(world, recording)
  } else refuse(20001)
  return json(200, { ...render(world, recording), status })
}

function remove(world: World, recording: Recording): Answer {
  if (recording.endMs === null) refuse(21220)
  world.recordings.delete(recording.sid)
  return { status: 204 }
}

function list(world: World, asked: Asked, callSid: string | null): Answer {
  const items = [...world.recordings.values()]
    .filter((recording) => (callSid === null || recording.call.sid === callSid) && inTime(asked.query, 'DateCreated', recording.createdMs))
    .toReversed()
  return pageOf(asked, { name: 'recordings', items, sid: (recording) => recording.sid, render: (recording) => render(world, recording) })
}

/** Without `.json` it is the sound itself, as a WAV file. */
function fetchOne(world: World, asked: Asked): Answer {
  const recording = find(world, asked.params.file)
  if (asked.params.file?.endsWith('.json')) return json(200, render(world, recording))
  if (asked.params.file?.endsWith('.mp3')) refuse(20404, `${asked.path} (no MP3 is made here: ask for .wav)`)
  if (recording.status !== 'completed') refuse(20404, asked.path)
  const asChannels = asked.query.get('RequestedChannels') === '1' ? 1 : undefined
  return { status: 200, headers: { 'content-type': 'audio/x-wav' }, body: renderRecording(recording, asChannels) }
}

function render(world: World, recording: Recording): Record<string, unknown> {
  const uri = `${accountPath(world)}/Recordings/${recording.sid}`
  const done = recording.endMs !== null
  return {
    sid: recording.sid,
    account_sid: world.settings.accountSid,
    call_sid: recording.call.sid,
    conference_sid: null,
    api_version: apiVersion,
    status: recording.status,
    source: recording.source,
    channels: recording.channels,
    track: recording.track,
    duration: done ? String(lengthS(recording)) : '-1',
    start_time: rfc2822(recording.startMs),
    date_created: rfc2822(recording.createdMs),
    date_updated: rfc2822(recording.updatedMs),
    price: null,
    price_unit: 'USD',
    error_code: recording.status === 'absent' ? 16_101 : null,
    encryption_details: null,
    media_url: recordingUrl(world, recording),
    uri: `${uri}.json`,
    subresource_uris: { add_on_results: `${uri}/AddOnResults.json`, transcriptions: `${uri}/Transcriptions.json` },
  }
}
