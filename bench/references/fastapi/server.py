"""FastAPI over asyncpg, as its users write it: dependencies for the caller and the limit, a pool, a transaction per
request that sets the tenant. In its favour: one uvicorn process on uvloop and httptools without an access log, verified
tokens are kept, answers go through orjson and past the response models. Reads its input from the first argument, says
where it listens on standard output, and ends with SIGTERM."""

import base64
import hashlib
import json
import socket
import sys
import time
from contextlib import asynccontextmanager
from typing import Annotated

import asyncpg
import jwt
import orjson
import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request, Response

given = json.loads(sys.argv[1])
AUDIENCE = "https://sapien.natterbox.com"
PER_WINDOW = 1_000_000
KEYS = {key["kid"]: jwt.PyJWK(key).key for key in given["keys"]["keys"]}
USUAL = {
    "voicemailEnabled": True,
    "recordingEnabled": True,
    "maxRecordingDays": 365,
    "timezone": "Europe/London",
    "defaultCountry": "US",
    "defaultLanguage": "en",
    "dataRegion": "local",
    "retention": {"callDays": None, "voicemailDays": None, "transcriptDays": None, "usernameDays": 90},
}


def digest_of(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


kept: dict[str, dict] = {}
api_keys = {digest_of(given["apiKey"]): given["organizationId"]}
windows: dict[int, list] = {}


async def bearer(response: Response, authorization: Annotated[str, Header()] = "") -> int:
    token = authorization.removeprefix("Bearer ")
    claims = kept.get(token)
    if claims is None or claims["exp"] <= time.time():
        try:
            key = KEYS[jwt.get_unverified_header(token)["kid"]]
            claims = kept[token] = jwt.decode(token, key, algorithms=["RS256"], audience=AUDIENCE)
        except (jwt.InvalidTokenError, KeyError) as error:
            raise HTTPException(401) from error
    return admit(claims["organization_id"], response)


async def api_key(response: Response, x_api_key: Annotated[str, Header()] = "") -> int:
    organization_id = api_keys.get(digest_of(x_api_key))
    if organization_id is None:
        raise HTTPException(401)
    return admit(organization_id, response)


def admit(organization_id: int, response: Response) -> int:
    now = time.time()
    window = windows.get(organization_id)
    if window is None or now - window[0] >= 1:
        window = windows[organization_id] = [now, 0]
    window[1] += 1
    if window[1] > PER_WINDOW:
        raise HTTPException(429)
    response.headers["X-RateLimit-Limit"] = str(PER_WINDOW)
    response.headers["X-RateLimit-Remaining"] = str(PER_WINDOW - window[1])
    response.headers["X-RateLimit-Reset"] = str(int(window[0]) + 1)
    return organization_id


async def set_up(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec("jsonb", encoder=orjson.dumps, decoder=orjson.loads, schema="pg_catalog")
    await connection.set_type_codec("json", encoder=orjson.dumps, decoder=orjson.loads, schema="pg_catalog")


@asynccontextmanager
async def lifespan(app: FastAPI):
    settings = {"role": "patchbay_app"}
    async with asyncpg.create_pool(given["databaseUrl"], max_size=16, server_settings=settings, init=set_up) as pool:
        app.state.pool = pool
        yield


@asynccontextmanager
async def tenant(request: Request, organization_id: int):
    async with request.app.state.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT set_config('app.organization_id', $1, true)", str(organization_id))
        yield connection


def seconds(at):
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")


def answer(body: dict, response: Response) -> Response:
    return Response(orjson.dumps(body), media_type="application/json", headers=dict(response.headers))


app = FastAPI(lifespan=lifespan)

ORGANIZATION = """SELECT organization_id AS id, name, domain, status, settings, created_at AS "createdAt", updated_at AS "updatedAt"
  FROM tenancy.organizations WHERE organization_id = $1"""
APPOINTMENT = """SELECT a.id, a.contact_id AS user_id, p.full_name, p.mobile, a.starts_at, a.ends_at, a.status, a.notes, a.service,
       a.resource_id, c.timezone, a.call_id, a.created_at
  FROM booking.appointments a
  JOIN contacts.contacts p ON p.organization_id = a.organization_id AND p.id = a.contact_id
  JOIN booking.calendars c ON c.organization_id = a.organization_id
 WHERE a.organization_id = $1 AND a.id = $2"""
CALLS = """SELECT c.id, c.direction, c.from_number AS "from", c.to_number AS "to", c.started_at AS "startTime",
       c.answered_at AS "answerTime", c.ended_at AS "endTime", c.duration_s AS duration, c.status, c.outcome,
       c.hangup_cause AS "hangupCause", c.on_hold AS "onHold", c.user_id AS "userId", c.agent_id AS "agentId",
       c.contact_id AS "contactId", c.campaign_id AS "campaignId", c.cost_micros, c.currency, row_to_json(r) AS recording
  FROM calls.calls c
  LEFT JOIN LATERAL (SELECT r.id, r.duration_s AS duration, r.size, r.format, r.status FROM recordings.recordings r
                      WHERE r.organization_id = c.organization_id AND r.call_id = c.id AND r.status <> 'deleted'
                      ORDER BY r.started_at DESC, r.id DESC LIMIT 1) r ON true
 WHERE c.organization_id = $1 ORDER BY c.started_at DESC, c.id DESC LIMIT $2"""
COUNT = "SELECT count(*)::int FROM calls.calls c WHERE c.organization_id = $1"


@app.get("/v1/organizations/{organization}")
async def read_organization(organization: int, request: Request, response: Response, organization_id: Annotated[int, Depends(bearer)]):
    if organization != organization_id:
        raise HTTPException(404)
    async with tenant(request, organization_id) as connection:
        row = await connection.fetchrow(ORGANIZATION, organization_id)
    body = dict(row)
    body["settings"] = {**USUAL, **body["settings"]}
    body["createdAt"], body["updatedAt"] = seconds(body["createdAt"]), seconds(body["updatedAt"])
    return answer(body, response)


@app.get("/appointments/{appointment}")
async def read_appointment(appointment: int, request: Request, response: Response, organization_id: Annotated[int, Depends(api_key)]):
    async with tenant(request, organization_id) as connection:
        row = await connection.fetchrow(APPOINTMENT, organization_id, appointment)
    if row is None:
        raise HTTPException(404)
    body = dict(row)
    body["duration_min"] = (body["ends_at"] - body["starts_at"]).seconds // 60
    for name in ("starts_at", "ends_at", "created_at"):
        body[name] = seconds(body[name])
    return answer(body, response)


@app.get("/v1/calls")
async def list_calls(
    request: Request,
    response: Response,
    organization_id: Annotated[int, Depends(bearer)],
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
):
    async with tenant(request, organization_id) as connection:
        rows = await connection.fetch(CALLS, organization_id, limit)
        total = await connection.fetchval(COUNT, organization_id)
    base = f"http://{request.headers['host']}"
    calls = [call_of(dict(row), base) for row in rows]
    cursor = orjson.dumps(["-startTime", calls[-1]["startTime"], str(calls[-1]["id"]), total]) if calls else b""
    next_cursor = base64.urlsafe_b64encode(cursor).decode().rstrip("=") or None
    return answer({"calls": calls, "total": total, "limit": limit, "offset": 0, "nextCursor": next_cursor}, response)


def call_of(call: dict, base: str) -> dict:
    call["id"] = str(call["id"])  # asyncpg's own UUID is none that orjson knows
    for name in ("startTime", "answerTime", "endTime"):
        call[name] = seconds(call[name])
    call["cost"] = {"amountMicros": call.pop("cost_micros"), "currency": call.pop("currency")}
    if recording := call["recording"]:
        recording["url"] = f"{base}/v1/recordings/{recording['id']}/download" if recording["status"] == "available" else None
    return call


if __name__ == "__main__":
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", 0))
    print(json.dumps({"port": listening.getsockname()[1]}), flush=True)
    uvicorn.Server(uvicorn.Config(app, loop="uvloop", http="httptools", access_log=False, log_level="error")).run(sockets=[listening])
