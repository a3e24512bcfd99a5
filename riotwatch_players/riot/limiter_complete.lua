-- Last part of one script: what became of a request, what it teaches, and who is called.

local UNANSWERED_PROBE_MS = 2000 -- an unanswered probe keeps others back for so long
local BLOCK_MARGIN_MS = 500
local PAD_STEP_MS = 250
local LONGEST_BACKOFF_S = 60
local WHOSE = { application = "application", method = "method" } -- whose limit a 429 names; else the service's

local function has_window(text, seconds)
  return text and string.find("," .. text .. ",", ":" .. seconds .. ",", 1, true)
end

-- Riot counts more than we hold: somebody else uses the key, or slots were lost. Its own count of this request's time
-- is compared with all that was held at its grant or since, so a slot released meanwhile is not taken for a stranger.
local function reconcile(tier, count, granted)
  local own = redis.call("ZCOUNT", tier.key, granted, "+inf")
  for i = own + 1, math.min(count, tier.slots) do
    hold(tier, "phantom|" .. i .. "|" .. ask.id, now + 1 + tier.window + tier.pad)
  end
end

-- Requests on their way when a window becomes known were counted by nobody yet.
local function adopt_flight(scope, tier)
  local flying = redis.call("ZRANGE", FLIGHT, 0, -1, "WITHSCORES")
  for i = 1, #flying, 2 do
    if concerns(scope, flying[i]) and not redis.call("ZSCORE", tier.key, flying[i]) then
      hold(tier, flying[i], flying[i + 1] + tier.window)
    end
  end
end

-- Limits are learned from a request that the books know; one from before a lost state says nothing about what else is
-- on its way. An older request's answer does not undo what a newer one taught.
local function learn(scope, seen, granted, tracked)
  local old = redis.call("HGET", LIMITS, scope)
  if seen and seen.text ~= old and (old or tracked) and granted >= state("learned:" .. scope) then
    redis.call("HSET", LIMITS, scope, seen.text)
    keep("learned:" .. scope, granted)
  elseif not seen and not old and tracked and scope ~= "app" and ask.limits.app and ask.status < 429 then
    redis.call("HSET", LIMITS, scope, "") -- a method without limits of its own
  end
  return old
end

local function settle(scope, seen, granted, tracked)
  local old = learn(scope, seen, granted, tracked)
  local text = redis.call("HGET", LIMITS, scope) or seen and seen.text or ""
  for _, tier in ipairs(parse(scope, text)) do
    hold(tier, ask.id, now + 1 + tier.window + tier.pad)
    local count = seen and seen.counts[tier.seconds]
    if count then reconcile(tier, count, granted) end
    if not has_window(old, tier.seconds) then adopt_flight(scope, tier) end
  end
end

local function block(field, wait)
  keep(field, math.max(state(field), math.ceil(now + wait)))
  return state(field) - now
end

-- Without Retry-After: the longest window that is full, by Riot's own count.
local function full_window(scope, seen)
  local longest
  for _, tier in ipairs(seen and parse(scope, seen.text) or {}) do
    local count = seen.counts[tier.seconds]
    if count and count >= tier.slots then longest = math.max(longest or 0, tier.window) end
  end
  return longest
end

local function backoff_ms(attempts)
  return math.min(2 ^ attempts, LONGEST_BACKOFF_S) * 1000
end

-- Our violation (or a stranger's): the whole scope stops. Of several refused together only the first one teaches.
local function refused(scope, granted)
  if granted > state("refused_at:" .. scope) then
    keep("pad:" .. scope, math.min(learned_pad(scope) + PAD_STEP_MS, PAD_CAP_MS))
    redis.call("HINCRBY", STATE, "refusals:" .. scope, 1)
    keep("refused_at:" .. scope, now)
  end
  local wait = ask.retry_after or full_window(scope, ask.limits[scope]) or backoff_ms(state("refusals:" .. scope))
  return block("blocked:" .. scope, wait + BLOCK_MARGIN_MS)
end

-- Not our violation: only this method on this host rests, then one probe goes first.
local function in_trouble(scope, granted)
  if granted >= state("trouble_at:" .. scope) then
    redis.call("HINCRBY", STATE, "trouble:" .. scope, 1)
    keep("trouble_at:" .. scope, now)
  end
  local jittered = ask.random * backoff_ms(state("trouble:" .. scope) - 1)
  return block("rest:" .. scope, math.max(jittered, ask.retry_after or 0))
end

-- A server error beside good answers was one server's; being told to slow down is over only when a later request passes.
local function well(granted)
  redis.call("HDEL", STATE, "refusals:app", "refusals:" .. ask.endpoint)
  if state("told:" .. ask.endpoint) == 0 or granted >= state("trouble_at:" .. ask.endpoint) then
    for _, field in ipairs({ "trouble:", "rest:", "told:" }) do redis.call("HDEL", STATE, field .. ask.endpoint) end
  end
end

local function complete()
  local leased_until = redis.call("ZSCORE", FLIGHT, ask.id)
  local granted = leased_until and leased_until - ask.lease or now
  redis.call("ZREM", FLIGHT, ask.id)
  for _, scope in ipairs(SCOPES) do settle(scope, ask.limits[scope], granted, leased_until) end
  tally("answers:" .. ask.status, 1)
  if ask.status == 429 then tally("refused:" .. (WHOSE[ask.kind] or "service"), 1) end
  if ask.status == 429 and ask.kind == "application" then return refused("app", granted) end
  if ask.status == 429 and ask.kind == "method" then return refused(ask.endpoint, granted) end
  if ask.status == 429 then
    keep("told:" .. ask.endpoint, 1)
    return in_trouble(ask.endpoint, granted)
  end
  if ask.status >= 500 then in_trouble(ask.endpoint, granted) else well(granted) end
  return 0
end

-- Sent, but no answer: Riot may count it as late as now.
local function fail()
  local probing = false
  for _, scope in ipairs(SCOPES) do
    local tiers = known(scope)
    probing = probing or not tiers
    for _, tier in ipairs(tiers or {}) do hold(tier, ask.id, now + 1 + tier.window + tier.pad) end
  end
  if probing then
    redis.call("ZADD", FLIGHT, "XX", "LT", now + UNANSWERED_PROBE_MS, ask.id)
  else
    redis.call("ZREM", FLIGHT, ask.id)
  end
  return 0
end

-- Never sent: the slot is free at once.
local function give_back()
  redis.call("ZREM", FLIGHT, ask.id)
  for _, scope in ipairs(SCOPES) do
    for _, tier in ipairs(known(scope) or {}) do redis.call("ZREM", tier.key, ask.id) end
  end
  return 0
end

local function usage()
  local rows = {}
  local texts = redis.call("HGETALL", LIMITS)
  for i = 1, #texts, 2 do
    local scope = texts[i]
    local blocked = math.max(state("blocked:" .. scope), state("rest:" .. scope)) - now
    local row = { scope = scope, blocked = math.max(0, blocked), windows = {} }
    for _, tier in ipairs(parse(scope, texts[i + 1])) do
      row.windows[#row.windows + 1] = { slots = tier.slots, seconds = tonumber(tier.seconds), held = held(tier) }
    end
    rows[#rows + 1] = row
  end
  return cjson.encode(rows)
end

local function tallied()
  local fields = redis.call("HGETALL", TALLY)
  local found = {}
  for i = 1, #fields, 2 do found[fields[i]] = tonumber(fields[i + 1]) end
  return cjson.encode(found)
end

local operations = {
  acquire = acquire, complete = complete, fail = fail, give_back = give_back, usage = usage, tallied = tallied,
}
return operations[ask.op]()
