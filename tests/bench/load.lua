-- Asks the paths of a file at random, or each of them once: wrk ... -s load.lua URL -- FILE SEED random|once
local paths, order, at = {}, nil, 0

function init(args)
  for line in io.lines(args[1]) do paths[#paths + 1] = wrk.format("GET", line) end
  math.randomseed(tonumber(args[2]))
  if args[3] == "once" then
    order = {}
    for i = 1, #paths do order[i] = i end
    for i = #order, 2, -1 do
      local j = math.random(i)
      order[i], order[j] = order[j], order[i]
    end
  end
end

function request()
  if order == nil then return paths[math.random(#paths)] end
  at = at % #order + 1
  return paths[order[at]]
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    "\nsaid %d %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
