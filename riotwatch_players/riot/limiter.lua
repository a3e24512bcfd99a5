-- The `hold` rule: a slot is held from its grant until the response plus the window.
--
-- KEYS[1] is "riotwatch:limit:{budget:host}"; all other keys are KEYS[1] plus a suffix, so they share its hash slot.
-- ARGV[1] is the request as JSON. Times are milliseconds of this server's clock.
--
-- :limits                    hash   scope -> "20:1,100:120"; no field: the scope is not known and is probed
-- :state                     hash   clock, blocks, pace, learned pads
-- :flight                    zset   id -> end of its lease
-- :held:<scope>:<seconds>    zset   id -> when its slot is released
-- :wait:<scope>:<lane>       zset   id -> when the waiter is taken for dead
-- :tally                     hash   what happened since the host is in use, for those who look on; decides nothing
--
-- A scope is "app" (the application on this host) or an endpoint (the method on this host).

local base = KEYS[1]
local ask = cjson.decode(ARGV[1])
local LIMITS, STATE, FLIGHT, TALLY = base .. ":limits", base .. ":state", base .. ":flight", base .. ":tally"
local SCOPES = { "app", ask.endpoint }

local PAD_CAP_MS, PAD_DECAY_MS = 2000, 3600000 -- what refusals have added to a pad fades within an hour

local function state(field)
  return tonumber(redis.call("HGET", STATE, field) or 0)
end

local function keep(field, value)
  redis.call("HSET", STATE, field, value)
end

local function tally(field, amount)
  redis.call("HINCRBY", TALLY, field, amount)
  redis.call("PEXPIRE", TALLY, 86400000)
end

-- A clock set back (failover, NTP) must neither free slots late for ever nor early: it goes on from where it was.
local function clock()
  local time = redis.call("TIME")
  local raw = time[1] * 1000 + math.floor(time[2] / 1000)
  local back = state("raw") - raw
  if back > 0 then redis.call("HINCRBY", STATE, "offset", back) end
  keep("raw", raw)
  return raw + state("offset")
end

local now = clock()

local function learned_pad(scope)
  local age = now - state("refused_at:" .. scope)
  return state("pad:" .. scope) * math.max(0, 1 - age / PAD_DECAY_MS)
end

local function parse(scope, text)
  local tiers = {}
  for slots, seconds in string.gmatch(text, "(%d+):(%d+)") do
    local window = seconds * 1000
    local pad = window <= 1000 and ask.pad_short or ask.pad_long
    tiers[#tiers + 1] = {
      slots = tonumber(slots), window = window, seconds = seconds,
      pad = math.max(pad, math.min(pad + learned_pad(scope), PAD_CAP_MS)),
      key = base .. ":held:" .. scope .. ":" .. seconds,
    }
  end
  return tiers
end

local function known(scope)
  local text = redis.call("HGET", LIMITS, scope)
  return text and parse(scope, text)
end

local function waiters(scope, lane)
  return base .. ":wait:" .. scope .. ":" .. lane
end

local function concerns(scope, id)
  return scope == "app" or string.sub(id, 1, #scope + 1) == scope .. "|"
end

local function hold(tier, id, score)
  redis.call("ZADD", tier.key, math.ceil(score), id)
  redis.call("PEXPIRE", tier.key, tier.window + 2 * ask.lease + PAD_CAP_MS)
end

local function held(tier)
  return redis.call("ZCOUNT", tier.key, "(" .. now, "+inf")
end

-- When the (index+1)-th held slot is released. One in flight counts as if its response came now:
-- the end of its lease is what its death would cost, not what is to be expected.
local function release(tier, index)
  local found = redis.call("ZRANGEBYSCORE", tier.key, "(" .. now, "+inf", "WITHSCORES", "LIMIT", index, 1)
  local latest = now + tier.window + tier.pad
  return found[2] and math.min(tonumber(found[2]), latest) or latest
end
