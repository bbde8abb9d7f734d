-- The load: reads or votes, the next tenant at every request (round robin), told by the Host header.
--
-- arguments: the folder with what to send, the number of the first request, 1 to check every answer
--   reads.txt    host, method, path, body: one line a tenant, tabs between
--   votes.lua    the pattern of a vote, cut where the choice and the voter go
--   hosts.txt, choices.txt, voters.txt
-- Request k goes to tenant k mod T. With j = k div T it votes on poll j mod P as voter j div P.

local folder
local requests, tenants = {}, 0
local pattern, heads, choices, voters
-- Global: what `done` asks the thread for.
wrong_answers, wrong_sample, ran_out, next_request = 0, "", 0, 0
local thread

function setup(each)
  thread = each
end

local function lines(name)
  local found = {}
  for line in io.lines(folder .. "/" .. name) do found[#found + 1] = line end
  return found
end

local function open_reads(file)
  for line in file:lines() do
    local host, method, path, body = line:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)$")
    local headers = { Host = host, ["Content-Type"] = "application/json" }
    requests[tenants] = wrk.format(method, path, headers, body ~= "" and body or nil)
    tenants = tenants + 1
  end
  file:close()
end

local function open_votes()
  pattern = dofile(folder .. "/votes.lua")
  heads, choices, voters = {}, lines("choices.txt"), lines("voters.txt")
  for _, host in ipairs(lines("hosts.txt")) do
    heads[tenants] = " HTTP/1.1\r\nHost: " .. host .. "\r\nContent-Type: application/json\r\n"
    tenants = tenants + 1
  end
end

local function check(status, _, body)
  if status < 200 or status > 299 or body:find('"errors"', 1, true) or body:find('"code"', 1, true) then
    wrong_answers = wrong_answers + 1
    if wrong_sample == "" then wrong_sample = status .. " " .. body:sub(1, 200) end
  end
end

function init(arguments)
  folder, next_request = arguments[1], tonumber(arguments[2])
  if arguments[3] == "1" then response = check end
  local file = io.open(folder .. "/reads.txt")
  if file then open_reads(file) else open_votes() end
end

local function vote(tenant, j)
  local poll = j % pattern.polls
  local round = (j - poll) / pattern.polls
  if round >= #voters then ran_out = 1 end
  local voter = voters[round % #voters + 1]
  local place = (j + round) % pattern.choices
  local choice = choices[(tenant * pattern.polls + poll) * pattern.choices + place + 1]
  local body = pattern.body[1] .. (pattern.body[2] and choice .. pattern.body[2] or "")
  if pattern.body[3] then body = body .. voter .. pattern.body[3] end
  local path = pattern.path[1] .. (pattern.path[2] and choice .. pattern.path[2] or "")
  local token = pattern.token and "Authorization: Bearer " .. voter .. "\r\n" or ""
  return "POST " .. path .. heads[tenant] .. token .. "Content-Length: " .. #body .. "\r\n\r\n" .. body
end

function request()
  local number = next_request
  local tenant = number % tenants
  local text = requests[tenant] or vote(tenant, (number - tenant) / tenants)
  next_request = number + 1
  return text
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"us":%d,"bytes":%d,"p50":%.3f,"p99":%.3f,"max":%.3f,"status":%d,"socket":%d,' ..
    '"wrong":%d,"next":%d,"exhausted":%d}\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, latency.max / 1000, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    thread:get("wrong_answers") or 0, thread:get("next_request") or 0, thread:get("ran_out") or 0))
  local shown = thread:get("wrong_sample")
  if shown and shown ~= "" then io.write("SAMPLE " .. shown:gsub("[\r\n]", " ") .. "\n") end
end
