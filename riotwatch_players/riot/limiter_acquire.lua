-- Second part of one script: may a request start, and if not, when to ask again.

local INTERACTIVE, DISCOVERY = 0, 2
local TURN = { [0] = math.huge, 3, 9 } -- after so many grants to lanes above, the lane goes first once
local BURST_SHARE = 0.3                -- background takes this part of a window's slots at once, the rest is paced
local PACE = 0.95                      -- of the even spacing; below 1, so that jitter costs no throughput
local SPARE_SHARE = 0.05               -- more free slots than this are made to last
local GRACE_MS = 250                   -- a waiter that does not ask again so long after its wait is dead
local PROBE_POLL_MS = 50
local FORGET_MS = 86400000             -- after a day without use a host is probed anew

local function has_turn(lane)
  return lane > INTERACTIVE and state("skipped:" .. lane) >= TURN[lane]
end

-- How many live waiters come before this one: of all lanes, and of those that are paced.
local function ahead(scope)
  local all, paced = 0, 0
  for lane = INTERACTIVE, DISCOVERY do
    local key = waiters(scope, lane)
    redis.call("ZREMRANGEBYSCORE", key, "-inf", now)
    local mine = lane == ask.lane and redis.call("ZSCORE", key, ask.id)
    local count = mine and redis.call("ZCOUNT", key, "-inf", "(" .. mine) or redis.call("ZCARD", key)
    if lane < ask.lane and has_turn(ask.lane) then count = 0 end
    if lane > ask.lane then count = has_turn(lane) and math.min(count, 1) or 0 end
    all = all + count
    if lane > INTERACTIVE then paced = paced + count end
  end
  return all, paced
end

-- Nil when a probe may go: nothing else of the scope is in flight.
local function probe_wait(scope)
  local newest
  local flying = redis.call("ZRANGE", FLIGHT, 0, -1, "WITHSCORES")
  for i = 1, #flying, 2 do
    if concerns(scope, flying[i]) then newest = tonumber(flying[i + 1]) end
  end
  if not newest then return nil end
  local age = math.max(0, now - (newest - ask.lease))
  return math.min(PROBE_POLL_MS + age / 2, newest - now)
end

local function slot_wait(tier, before)
  local index = held(tier) + before - tier.slots
  return index >= 0 and release(tier, index) - now or 0
end

local function pace_wait(scope, paced_before)
  if ask.lane == INTERACTIVE then return 0 end
  return state("pace:" .. scope) - now + paced_before * state("gap:" .. scope)
end

local function scope_wait(scope)
  local blocked = math.max(state("blocked:" .. scope), state("rest:" .. scope)) - now
  if blocked > 0 then return blocked end
  local tiers = known(scope)
  if not tiers or state("trouble:" .. scope) > 0 then
    local wait = probe_wait(scope)
    if wait then return wait end
  end
  local before, paced_before = ahead(scope)
  local wait = pace_wait(scope, paced_before)
  for _, tier in ipairs(tiers or {}) do
    wait = math.max(wait, slot_wait(tier, before))
  end
  return wait
end

-- The slowest even spacing that any horizon asks for: what is free now and what is released until then, over that time.
-- Horizons double, for a window may have 30,000 slots.
local function spread(tier, taken)
  local free, gap, horizon = tier.slots - taken, 0, 1
  local first = redis.call("ZCOUNT", tier.key, "-inf", now)
  while horizon <= taken do
    local entry = redis.call("ZRANGE", tier.key, first + horizon - 1, first + horizon - 1, "WITHSCORES")
    local released = math.min(tonumber(entry[2]), now + tier.window + tier.pad)
    gap = math.max(gap, (released - now) / (free + horizon))
    horizon = horizon * 2
  end
  return gap
end

-- Background goes no faster than the window allows on average, so there is nearly always a soon released slot for a
-- person who waits. While many slots are free (a cold start, a burst of the past) it makes them last; the last few are
-- not kept back, for an idle slot is lost.
local function gap_after(tier)
  local taken = held(tier)
  if taken <= BURST_SHARE * tier.slots then return 0 end
  local even = tier.window / tier.slots
  if tier.slots - taken > SPARE_SHARE * tier.slots then even = math.max(even, spread(tier, taken)) end
  return PACE * even
end

local function set_pace(scope, tiers)
  local gap = 0
  for _, tier in ipairs(tiers) do gap = math.max(gap, gap_after(tier)) end
  keep("gap:" .. scope, gap)
  keep("pace:" .. scope, now + gap)
end

local function count_skips()
  for lane = INTERACTIVE + 1, DISCOVERY do
    if lane == ask.lane then keep("skipped:" .. lane, 0) end
    if lane > ask.lane then redis.call("HINCRBY", STATE, "skipped:" .. lane, 1) end
  end
end

local function grant()
  for _, scope in ipairs(SCOPES) do
    local tiers = known(scope) or {}
    for _, tier in ipairs(tiers) do
      -- Released slots stay for one more lease: `reconcile` looks back to the grant of its request.
      redis.call("ZREMRANGEBYSCORE", tier.key, "-inf", now - ask.lease)
      hold(tier, ask.id, now + ask.lease + tier.window)
    end
    if ask.lane > INTERACTIVE then set_pace(scope, tiers) end
    redis.call("ZREM", waiters(scope, ask.lane), ask.id)
  end
  redis.call("ZADD", FLIGHT, now + ask.lease, ask.id)
  count_skips()
  tally("granted:" .. ask.lane, 1)
  for _, key in ipairs({ LIMITS, STATE, FLIGHT }) do redis.call("PEXPIRE", key, FORGET_MS) end
end

-- Only who will wait in place is a waiter; who goes away must not keep others back.
local function register(wait)
  for _, scope in ipairs(SCOPES) do
    local key = waiters(scope, ask.lane)
    if wait <= ask.patience then
      redis.call("ZADD", key, now + wait + GRACE_MS, ask.id)
      redis.call("PEXPIRE", key, wait + 2 * GRACE_MS)
    else
      redis.call("ZREM", key, ask.id)
    end
  end
end

local function acquire()
  if redis.call("ZSCORE", FLIGHT, ask.id) then return 0 end -- a repeated command: it has its slot already
  redis.call("ZREMRANGEBYSCORE", FLIGHT, "-inf", now)
  local wait = math.ceil(math.max(scope_wait("app"), scope_wait(ask.endpoint)))
  if wait <= 0 then
    grant()
    return 0
  end
  register(wait)
  tally("waits:" .. ask.lane, 1)
  tally("waited_ms:" .. ask.lane, wait)
  return wait
end
