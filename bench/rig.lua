-- The load of the founding experiment: each request carries a fresh random string, each answer must be its hash, as
-- Java's String.hashCode computes it.
--
-- wrk tells response() neither the request nor the connection that an answer belongs to. So each thread keeps the
-- hashes it still waits for, as a multiset: an answer that is not one of them is wrong. This finds every wrong answer
-- but two that were swapped inside one thread; the rig looks for those with a client of its own before it measures.

local bit = require("bit")
local tobit, char, random = bit.tobit, string.char, math.random

local MAX = 1023  -- longest string
local FRESH = 8   -- characters at its end that are new in each request
local HEADS = 512 -- prepared beginnings

local ALPHABET = { ("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"):byte(1, -1) }

local threads = {}

function setup(thread)
   thread:set("number", #threads)
   threads[#threads + 1] = thread
end

function init()
   math.randomseed(os.time() * 64 + number)
   valid, invalid, failed = 0, 0, 0 -- answers; global so that done() can read them
   waiting = {}                     -- hash -> how many requests wait for it
   heads = {}
   for i = 1, HEADS do
      heads[i] = head(random(0, MAX - FRESH))
   end
end

-- head prepares the request up to the fresh characters of a string that begins with n others, and their hash.
function head(n)
   local bytes, h = {}, 0
   for i = 1, n do
      local b = ALPHABET[random(#ALPHABET)]
      bytes[i] = char(b)
      h = tobit(h * 31 + b)
   end
   local length = n + FRESH + 4 -- ["…"]
   local text = "POST " .. wrk.path .. " HTTP/1.1\r\nHost: " .. wrk.headers["Host"] ..
      "\r\nContent-Type: application/json\r\nContent-Length: " .. length .. "\r\n\r\n[\"" .. table.concat(bytes)
   return { text = text, hash = h }
end

function request()
   local r = heads[random(HEADS)]
   local n = #ALPHABET
   local a, b, c, d = ALPHABET[random(n)], ALPHABET[random(n)], ALPHABET[random(n)], ALPHABET[random(n)]
   local e, f, g, h = ALPHABET[random(n)], ALPHABET[random(n)], ALPHABET[random(n)], ALPHABET[random(n)]
   local hash = tobit(tobit(tobit(tobit(r.hash * 31 + a) * 31 + b) * 31 + c) * 31 + d)
   hash = tobit(tobit(tobit(tobit(hash * 31 + e) * 31 + f) * 31 + g) * 31 + h)
   waiting[hash] = (waiting[hash] or 0) + 1
   return r.text .. char(a, b, c, d, e, f, g, h) .. "\"]"
end

function response(status, _, body)
   if status ~= 200 then
      failed = failed + 1
      return
   end
   local hash = tonumber(body)
   local n = hash and waiting[hash]
   if not n then
      invalid = invalid + 1
      return
   end
   valid = valid + 1
   if n == 1 then
      waiting[hash] = nil
   else
      waiting[hash] = n - 1
   end
end

-- done prints the totals as one line of JSON; times are in microseconds.
function done(summary, latency)
   local v, i, f = 0, 0, 0
   for _, t in ipairs(threads) do
      v, i, f = v + t:get("valid"), i + t:get("invalid"), f + t:get("failed")
   end
   local e = summary.errors
   io.write(string.format(
      'rig: {"requests":%d,"duration":%d,"valid":%d,"invalid":%d,"failed":%d,' ..
      '"connect":%d,"read":%d,"write":%d,"timeout":%d,"mean":%.0f,"p50":%.0f,"p99":%.0f,"max":%.0f}\n',
      summary.requests, summary.duration, v, i, f, e.connect, e.read, e.write, e.timeout,
      latency.mean, latency:percentile(50), latency:percentile(99), latency.max))
end
